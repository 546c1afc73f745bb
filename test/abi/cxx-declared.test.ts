import { describeTopics } from './describe-table.ts';

describeTopics(['cxx-declared']);
