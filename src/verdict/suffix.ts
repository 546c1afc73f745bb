/** What the gate writes beside an artifact begins with its name and ends with these. */
export const SUMMARY_SUFFIX = '.vsa.sigstore.json';
export const TEST_RESULT_SUFFIX = '.test-result.sigstore.json';
