import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

const supply = [controls.ssdfThirdParty, controls.cncfArtifactChecks];

/** Types that a plugin shares with its host. */
export const hostTypeRules = defineRules({
  'fit/host-type-differs': {
    title: 'Plugin and host disagree about a type',
    severity: 'error',
    step: 'fit',
    why: 'Both work on the same memory, each by its own definition: the plugin was compiled with headers of another version of the host, or with other settings. It loads, and then reads and writes other members than the host does.',
    fix: 'Compile the plugin with the headers and settings of the host that it is released for.',
    controls: supply,
  },
  'fit/entry-signature-differs': {
    title: 'An entry point is not of the type that the host takes it for',
    severity: 'error',
    step: 'fit',
    why: 'The host looks the symbol up by name and converts its address: nothing checks parameters and result. It then passes other arguments than the plugin reads, or reads a result that is not there.',
    fix: "Give the function the signature that the host's header declares for it, and compile both with that header.",
    controls: supply,
  },
  'fit/entry-not-compared': {
    title: 'The type of an entry point was not compared',
    severity: 'note',
    step: 'fit',
    why: 'A host looks entry points up by name. Its debug information shows their types only where a typedef tells: one that is named in the configuration, or one that is spelled after the symbol.',
    fix: 'Name the type of the host: `entries: { plugin_init: plugin_init_fn }` of the host in the configuration, or --entry plugin_init=plugin_init_fn. A member of a struct is written plugin_api.init.',
    controls: supply,
  },
  'fit/host-headers-unmatched': {
    title: "The host's headers match no file",
    severity: 'undecided',
    step: 'fit',
    why: 'Types of the host are those that its headers declare; where the patterns match nothing, none was compared.',
    fix: 'Correct the patterns; a pattern also matches the end of a longer path, so that host/*.h matches /usr/include/host/api.h.',
    controls: supply,
  },
  'fit/host-types-unseen': {
    title: 'Types of the host were not compared',
    severity: 'note',
    step: 'fit',
    why: "Names and versions of symbols do not show whether the plugin knows the host's structs and callback tables as they are.",
    fix: 'Give a build of the host with debug information, or an object file that was compiled from its headers (cc -g -fno-eliminate-unused-debug-types -include host.h -c -x c /dev/null -o host.o).',
    controls: supply,
  },
});
