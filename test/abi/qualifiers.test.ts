import { describeTopics } from './describe-table.ts';

describeTopics(['enums', 'qualifiers'], 'abidiff');
