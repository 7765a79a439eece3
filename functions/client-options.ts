/**
 * What every SDK client of the functions is given: an answer that does not come must not hold a run until its Lambda ends.
 * Milliseconds. DynamoDB, SNS and EventBridge answer in tens of them; a retry is better than a long wait.
 */
export const CLIENT_OPTIONS = { requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true } } as const;
