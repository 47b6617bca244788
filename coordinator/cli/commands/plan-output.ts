// How a dry run is printed: in full for people, as Markdown for a change request, as a document for scripts.
import type { PlanDocument } from '../../../shared/documents.ts';
import { planMarkdown } from '../../report/plan-markdown.ts';
import type { Io } from '../io.ts';
import { planInFull } from '../view/plan-view.ts';

export const markdownOption = ['--markdown', 'as Markdown, to be attached to a change request'] as const;

export function sayPlan(
  io: Io,
  plan: PlanDocument,
  options: { json?: boolean | undefined; markdown?: boolean | undefined },
): void {
  if (options.json) io.document(plan);
  else if (options.markdown) io.raw(planMarkdown(plan));
  else io.say(planInFull(plan, io.paint));
}
