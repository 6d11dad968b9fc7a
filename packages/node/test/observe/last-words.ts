import { createLogger } from '../../src/observe/logger.ts';

// Run as a process of its own: what is logged just before the end must still be written.
const logger = createLogger({ level: 'info', format: 'logfmt' });
for (let i = 0; i < 100; i++) logger.info('still here', { i });
logger.error('node halted');
process.exit(1);
