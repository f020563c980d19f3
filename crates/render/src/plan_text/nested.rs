//! The nested stacks of a plan: the templates that were fetched, and the time for the creation of those that are
//! new.

use rstack_model::plan::Plan;

use crate::line::Line;
use crate::size::size;
use crate::style::{Detail, Role, View};
use crate::table::columns;

/// The digits of a digest that are shown, but in a full plan.
const DIGITS: usize = 12;

/// `Net  https://bucket.s3.amazonaws.com/net.yaml  sha256:0f1e2d3c4b5a  1.2 KiB` for each template that was fetched,
/// and `Net  fails if it is not created within 30 minutes` for each time limit.
pub(super) fn lines(plan: &Plan, view: &View) -> Vec<Line> {
    let template = plan.templates.iter().map(|(stack, template)| {
        let digest = template.digest.as_str();
        let digest = match view.detail {
            Detail::Full => digest,
            Detail::Normal | Detail::Compact => digest.get(..DIGITS).unwrap_or(digest),
        };
        vec![
            Line::of(Role::Name, stack.as_str()),
            Line::plain(&template.address),
            Line::of(Role::Dim, &format!("sha256:{digest}  {}", size(template.bytes))),
        ]
    });
    let rows: Vec<Vec<Line>> = template.collect();
    let limits = plan.creation_limits.iter().map(|(stack, minutes)| {
        let unit = if *minutes == 1 { "minute" } else { "minutes" };
        let text = format!(" fails if it is not created within {minutes} {unit}");
        Line::of(Role::Name, stack.as_str()).with(Role::Plain, &text)
    });
    columns(&rows, 1).into_iter().chain(limits).collect()
}
