import { describeTopics } from './describe-table.ts';

describeTopics(['cxx-functions', 'cxx-templates'], 'abidiff');
