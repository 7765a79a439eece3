export const handler = async (): Promise<string> => 'failure';
