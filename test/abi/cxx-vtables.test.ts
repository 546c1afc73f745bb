import { describeTopics } from './describe-table.ts';

describeTopics(['cxx-passing', 'cxx-vtables'], 'abidiff');
