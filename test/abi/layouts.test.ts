import { describeTopics } from './describe-table.ts';

describeTopics(['arrays', 'bit-fields'], 'abidiff');
