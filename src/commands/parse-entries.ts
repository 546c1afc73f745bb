import type { EntryPoint } from '../abi/host/entry-points.ts';
import { HOST_TYPE } from '../abi/host/type-text.ts';
import { UsageError } from '../errors.ts';

/**
 * What `--entry` says: `plugin_init=plugin_init_fn`.
 * @throws UsageError for what is not written so
 */
export function parseEntries(given: readonly string[]): readonly EntryPoint[] {
  return given.map((text) => {
    const at = text.indexOf('=');
    const [symbol, type] = [text.slice(0, Math.max(at, 0)).trim(), text.slice(at + 1).trim()];
    if (!/^[^\s=]+$/.test(symbol) || !HOST_TYPE.test(type)) {
      throw new UsageError(
        `--entry ${text} is not of the form SYMBOL=TYPE, such as plugin_init=plugin_init_fn, plugin_info="struct plugin_info" or plugin_open=plugin_api.open.`,
      );
    }
    return { symbol, type };
  });
}
