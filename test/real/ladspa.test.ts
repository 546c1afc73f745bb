import { describeFamily } from './describe-family.ts';

describeFamily('ladspa', 100);
