// How much short-lived memory a program may gather before it is collected: the default of some 100 MB is for throughput, and
// both programs live beside what they look after.
export const heapFlags = ['--max-semi-space-size=4'];
