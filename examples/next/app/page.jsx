import { engine } from '../lib/engine.js';

// What is shown is of the moment, so the page is made for each request.
export const dynamic = 'force-dynamic';

export default async function Page() {
  const count = await engine().getActiveModelCount();
  const { spentUsd, dailyBudgetUsd } = engine().getBudget();
  return (
    <main>
      <h1>Predictions</h1>
      <p>Active models: <b id="count">{count}</b></p>
      <p>Spent today: ${spentUsd.toFixed(4)} of {dailyBudgetUsd === null ? 'any sum' : `$${dailyBudgetUsd}`}</p>
      <p><a href="/status">Status</a></p>
    </main>
  );
}
