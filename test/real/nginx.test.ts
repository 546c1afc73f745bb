import { describeFamily } from './describe-family.ts';

describeFamily('nginx', 10);
