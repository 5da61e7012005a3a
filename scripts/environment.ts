/** Variables of a process to be started. */
export type Environment = Record<string, string>

/** Next declares NODE_ENV to be in every environment; that of a child of ours has what we put there. */
export const asProcessEnv = (environment: Environment): NodeJS.ProcessEnv => environment as NodeJS.ProcessEnv
