import { describeFamily } from './describe-family.ts';

describeFamily('pam', 40);
