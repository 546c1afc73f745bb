/** The comparison of types: loaded when two files differ. */
export { compareAbi } from '../abi/abi.ts';
