/** Sources of the events on a queue's bus. All that ends in the failure function bears one that starts so: */
export const FAILURE_SOURCE = 'punctual';
/** and a dispatcher's word to its successor, which does not start so. */
export const DISPATCHER_SOURCE = 'dispatcher.punctual';
