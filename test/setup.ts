/**
 * Property tests draw the same inputs in every run, so that a failure is that of the change at hand. FC_SEED gives
 * others: a number, or `random`.
 */
import fc from 'fast-check';

const seed = process.env['FC_SEED'] ?? '20260827';
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) });
