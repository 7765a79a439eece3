export const handler = async (): Promise<string> => 'dispatcher';
