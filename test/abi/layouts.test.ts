import { describeTopics } from './describe-table.ts';

describeTopics(['arrays', 'bit-fields', 'embedding', 'reserve', 'unions']);
