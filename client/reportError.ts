/** Hears of what goes wrong beside the handlers: polls that fail, messages that cannot be read, reports not delivered. */
export type OnError = (error: Error) => void;

/** One line of JSON on stderr. No payload is ever in it. */
export const logError: OnError = ({ name, message, ...error }) => {
  const { code } = error as { code?: string };
  console.error(JSON.stringify({ level: 'ERROR', service: 'punctual', name, code, message }));
};

/** The listener, made safe: one that throws must not stop a worker. */
export function guarded(onError: OnError): OnError {
  return (error) => {
    try {
      onError(error);
    } catch (thrown) {
      logError(thrown instanceof Error ? thrown : new Error('onError threw'));
    }
  };
}
