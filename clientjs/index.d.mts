// The types of the ES module: those of index.d.ts, attach.Reason and the like included.
import attach from './index.js';

export default attach;
