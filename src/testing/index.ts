export type { Fault, StreamFault } from './mock/faults.js'
export { type MockOptions, type MockUpstream, type RecordedRequest, startMock } from './mock/mock.js'
export type { MockProtocol } from './mock/vendor.js'
