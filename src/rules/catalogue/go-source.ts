import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

const evidence = [controls.ssdfTestExecutable, controls.cncfArtifactChecks];

/** What Go sources rest on and Go plugins do not do; found by reading the sources. */
export const goSourceRules = defineRules({
  'go/plugin-close': {
    title: 'Source that unloads a Go plugin',
    severity: 'warning',
    step: 'build',
    why: 'There is no plugin.Close, and the runtime never unloads what it opened: code, goroutines and types of a plugin stay until the process ends. dlclose on the file pulls code away from under the runtime.',
    fix: 'Give plugins a function of their own that stops their work, load the next release beside the old one under another plugin path, and let the old one idle.',
    controls: evidence,
  },
  'go/hot-reload': {
    title: 'Source that opens one path again to get new code',
    severity: 'warning',
    step: 'build',
    why: 'plugin.Open remembers each path: after the file was replaced it gives back the plugin that was opened first, and after a failure the same error again. A file under a new name is refused ("plugin already loaded") when its plugin path is the old one.',
    fix: 'Write each release to a path of its own and build it with a plugin path of its own (-ldflags=-pluginpath=NAME together with -gcflags=-p=NAME), or restart the host.',
    controls: evidence,
  },
  'go/callback-copied': {
    title: 'Callback that is handed to C as copied bytes',
    severity: 'warning',
    step: 'build',
    why: 'C.CBytes copies the bytes of its argument; it keeps nothing alive. The copy of a pointer or a function value is invisible to the garbage collector, which can free or move what it points to while C holds it.',
    fix: 'Pass a runtime/cgo.Handle (cgo.NewHandle) as the user data of the callback, and delete it when C no longer calls.',
    controls: evidence,
  },
  'go/main-type-asserted': {
    title: "Assertion of a looked-up symbol to a type of the host's package main",
    severity: 'warning',
    step: 'build',
    why: 'No plugin can import package main of its host, so no value in it has that type: the assertion fails, although the plugin may have a type of the same name ("types from different scopes").',
    fix: 'Declare the type in a package that host and plugin import, or assert an interface. Lookup of a variable gives a pointer to it.',
    controls: evidence,
  },
  'go/goroutine-in-init': {
    title: 'Goroutine that is started while a plugin is initialised',
    severity: 'note',
    step: 'build',
    why: 'init functions run inside plugin.Open, before the host has configured anything, and in c-shared libraries inside dlopen. Nothing can stop what they start, and a plugin is never unloaded: after an update beside the old plugin, the goroutines of both go on.',
    fix: 'Start it in a function that the host calls, and give the host one that stops it.',
    controls: evidence,
  },
  'go/source-not-analysed': {
    title: 'Go sources were not analysed',
    severity: 'note',
    step: 'build',
    why: 'Advice on what Go plugins do not do comes from the sources; what the gate decides does not depend on it.',
    fix: 'Let the gate find a go command on the PATH.',
    controls: evidence,
  },
});
