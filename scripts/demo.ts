/**
 * The main job, shown: one client, every vendor, over real sockets. Without keys, mock vendors on this machine answer;
 * a vendor whose key is in the environment answers itself.
 */
import { LeashLLM, reportOf } from 'leashllm'
import { startOffline } from './offline.ts'

