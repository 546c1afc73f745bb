import { describeTopics } from './describe-table.ts';

describeTopics(['numbers', 'typedefs'], 'abidiff');
