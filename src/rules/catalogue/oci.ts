import { controls } from '../controls.ts';
import { defineRules, type Rule } from '../rule.ts';

const DELIVERED = [controls.slsaVerifyArtifact, controls.cncfArtifactChecks, controls.ssdfVerifyRelease] as const;

function refusal(title: string, why: string, fix: string): Rule {
  return { title, severity: 'error', step: 'verify', why, fix, controls: DELIVERED };
}

/** Rules about plugins that come from a registry, in an image or an artifact. */
export const ociRules = defineRules({
  'oci/unavailable': {
    title: 'The registry did not give it',
    severity: 'undecided',
    step: 'verify',
    why: 'What cannot be fetched cannot be judged.',
    fix: 'Check name and tag, the connection, and that docker is logged in to exactly this host.',
    controls: DELIVERED,
  },
  'oci/digest-mismatch': refusal(
    'Content is not what its digest says',
    'In a registry everything is named by its digest. Content that has another one was changed on the way, or by the registry.',
    'Fetch again. If it stays so, do not use the image and tell those who run the registry.',
  ),
  'oci/malformed': refusal(
    'Manifest or layer cannot be read',
    'A manifest or layer that is cut, ambiguous or of an unknown form can be taken for different things by different programs.',
    'Push the image again with a current tool (docker buildx, oras, skopeo).',
  ),
  'oci/too-large': refusal(
    'Image over the limits',
    'A layer that unpacks to very much, or holds very many entries, costs memory and time before anything of it is judged.',
    'Deliver the plugin as an artifact of its own (oras push), or in a small image.',
  ),
  'oci/no-platform': refusal(
    'No image for this platform',
    'An index lists one image for each platform. When none or several fit, taking any one would be a guess.',
    'Push an image for the platform, exactly one, or name the platform that is meant (--platform).',
  ),
  'oci/no-file': refusal(
    'The file is not in the image',
    'What is not there cannot be verified, and a file of another name is not the one that is meant.',
    'Name the file as it lies in the image, behind # in the reference.',
  ),
  'oci/unsafe-layer': refusal(
    'Layer that programs unpack differently',
    'Links, paths that lead out, and files that are there twice are unpacked in one way here and in another there: what is verified is then not what is loaded.',
    'Build the image so that the plugin is a plain file under the path that is named.',
  ),
});
