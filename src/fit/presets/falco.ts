import { listNames } from '../../compare/fold.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { LoadableFile } from '../model.ts';
import type { PresetCheck } from './check.ts';
import { FileData } from './data.ts';
import { entryOf, hasEntry, missingEntries, refusesGoPlugin, wrongKinds } from './entries.ts';
import { returnedAddress } from './returned-address.ts';

const NAME = 'Falco';
const VERSION = 'plugin_get_required_api_version';

/** Source: falcosecurity/libs, userspace/plugin/plugin_loader.c, plugin_check_required_symbols. */
const REQUIRED: readonly string[] = [
  VERSION,
  'plugin_get_version',
  'plugin_get_name',
  'plugin_get_description',
  'plugin_get_contact',
  'plugin_init',
  'plugin_destroy',
  'plugin_get_last_error',
];

/**
 * A plugin must have at least one capability, and none by halves (plugin_get_capabilities): where the last name of a group
 * is there, the others must be too. plugin_get_fields or plugin_get_async_events alone is no fault.
 */
const CAPABILITIES: readonly {
  readonly title: string;
  readonly names: readonly string[];
  readonly marks: readonly string[];
}[] = [
  capability('event sourcing', ['plugin_open', 'plugin_close', 'plugin_next_batch']),
  capability('field extraction', ['plugin_get_fields', 'plugin_extract_fields'], ['plugin_extract_fields']),
  capability('event parsing', ['plugin_parse_event']),
  capability(
    'async events',
    ['plugin_get_async_events', 'plugin_set_async_event_handler'],
    ['plugin_set_async_event_handler'],
  ),
  capability('capture listening', ['plugin_capture_open', 'plugin_capture_close']),
];

function capability(title: string, names: readonly string[], marks: readonly string[] = names) {
  return { title, names, marks };
}

/** Whether Falco takes the plugin, as far as its file tells. */
export const checkFalco: PresetCheck = (plugin) => {
  const { image } = plugin;
  const refused = refusesGoPlugin(plugin, NAME);
  if (refused.length > 0) return refused;
  const all = [...REQUIRED, ...CAPABILITIES.flatMap(({ names }) => names)];
  return [
    ...missingEntries(image, REQUIRED, NAME),
    ...capabilities(plugin),
    ...wrongKinds(image, all, 'function', NAME),
    ...(hasEntry(image, VERSION) ? version(plugin) : []),
  ];
};

function capabilities({ image }: LoadableFile): Finding[] {
  const broken = CAPABILITIES.flatMap(({ title, names, marks }): Finding[] => {
    const missing = names.filter((name) => !hasEntry(image, name));
    if (missing.length === 0 || !marks.some((name) => hasEntry(image, name))) return [];
    const message = `For ${title}, Falco needs all of ${listNames(names)}; the plugin lacks ${listNames(missing)}.`;
    return [finding('fit/entry-missing', message, { subject: missing[0] ?? title, symbol: missing[0] })];
  });
  if (broken.length > 0 || CAPABILITIES.some(({ names }) => names.every((name) => hasEntry(image, name))))
    return broken;
  const message = `The plugin has none of the capabilities of Falco: ${CAPABILITIES.map(({ title }) => title).join(', ')}.`;
  return [finding('fit/entry-missing', message, { subject: 'capabilities' })];
}

/** Falco asks for the same major version, and takes no newer minor version than its own. */
function version(plugin: LoadableFile): Finding[] {
  const data = FileData.of(plugin);
  const entry = entryOf(plugin.image, VERSION);
  const at = data === undefined || entry === undefined ? undefined : returnedAddress(data.memory, entry.value);
  const text = at === undefined ? undefined : data?.text(at);
  if (text === undefined) {
    const message = `Which version of the plugin API it asks for is what ${VERSION} returns when it is called; it is not a constant in the file.`;
    const fix = `Have it called: probe: { symbol: ${VERSION}, signature: const char *(void), expect: "3.6.0" }, with the version of your Falco.`;
    return [finding('fit/interface-unread', message, { subject: VERSION, fix })];
  }
  if (!/^\d+\.\d+\.\d+/.test(text)) {
    const message = `${VERSION} returns "${text}", which is no version; Falco refuses the plugin.`;
    return [finding('fit/interface-version', message, { subject: VERSION, new: text })];
  }
  const message = `The plugin asks for version ${text} of the plugin API: Falco must have the same major version, and this one or a newer minor version.`;
  return [finding('fit/built-for', message, { subject: VERSION, new: text })];
}
