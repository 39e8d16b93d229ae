'use strict';

/** What happened, in one sentence for people; `<`, `>` and `&` as Slack wants them, so that no id is a link or a mention. */

const usd = (amount) => `$${amount.toFixed(2)}`;
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const SENTENCES = {
  disabled: ({ modelId, disabledUntil, reason }) => `${modelId} is switched off until ${disabledUntil ?? 'it is switched on by hand'}: ${reason}`,
  enabled: ({ modelId }) => `${modelId} was switched on by hand`,
  recovered: ({ modelId }) => `${modelId} is back`,
  provider_cooling: ({ providerId, coolingUntil, kind }) => `All models of ${providerId} are left alone until ${coolingUntil}: ${kind}`,
  budget: ({ threshold, spentUsd, dailyBudgetUsd, day }) => `${Math.round(threshold * 100)} % of the budget of ${day} is spent: ${usd(spentUsd)} of ${usd(dailyBudgetUsd)}`,
  model_retiring: ({ modelId, retiresOn, daysLeft }) => `${modelId} retires on ${retiresOn}, in ${daysLeft} day${daysLeft === 1 ? '' : 's'}`,
  fleet_lost: ({ problem }) => `An engine has lost its fleet and works alone: ${problem}`,
};

function plain({ type, at, sequence, callId, requestId, origin, ...rest }) {
  const details = Object.entries(rest).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [type, ...details].join(', ');
}

exports.sentence = (event) => escaped((SENTENCES[event.type] ?? plain)(event));
