/**
 * Why a leadership ended.
 *
 * - `expired`: no quorum answered in time, or this process stood still.
 * - `deposed`: another node leads the group, or did meanwhile.
 * - `transferred`: the lead is being handed to another node, whoever asked for that.
 * - `resigned`, `closed`: it was asked for here.
 */
export type LossReason = 'expired' | 'deposed' | 'resigned' | 'transferred' | 'closed';
