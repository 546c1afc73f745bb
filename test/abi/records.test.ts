import { describeTopics } from './describe-table.ts';

describeTopics(['records', 'opaque'], 'abidiff');
