import { describeTopics } from './describe-table.ts';

describeTopics(['cxx-bases', 'cxx-members'], 'abidiff');
