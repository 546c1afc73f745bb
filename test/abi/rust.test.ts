import { describeTopics } from './describe-table.ts';

describeTopics(['rust']);
