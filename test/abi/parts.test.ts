import { describeTopics } from './describe-table.ts';

describeTopics(['embedding', 'reserve', 'unions'], 'abidiff');
