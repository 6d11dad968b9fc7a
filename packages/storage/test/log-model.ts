export type { LogModel, ModelGroup } from '../conformance/log-model.ts';
export {
  applyToModel,
  lastIndexOf,
  modelOf,
  randomSnapshot,
  randomWrite,
} from '../conformance/log-model.ts';
