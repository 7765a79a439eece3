export const handler = async (): Promise<string> => 'submit';
