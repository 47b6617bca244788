// Property tests start from one seed, so that a run of the tests can be repeated; FC_SEED looks elsewhere.
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_261_121) });
