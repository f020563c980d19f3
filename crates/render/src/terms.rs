//! Terms and what they mean, in two columns.

use crate::line::{Line, join};
use crate::style::{Role, View};
use crate::table::columns;

/// One line for each term, or more where its meaning is too long for one.
pub fn terms(rows: &[(&str, &str)], view: &View) -> String {
    let widest = rows.iter().map(|(term, _)| Line::plain(term).width()).max().unwrap_or(0);
    let room = view.columns().saturating_sub(widest + 2).max(20);
    let mut cells = Vec::new();
    for (term, meaning) in rows {
        let mut name = Line::of(Role::Name, term);
        for part in Line::plain(meaning).wrap(room) {
            cells.push(vec![std::mem::take(&mut name), part]);
        }
    }
    join(&columns(&cells, 2), view.palette)
}
