//! Columns and boxed tables, laid out by what a terminal shows and not by bytes.

use crate::line::Line;
use crate::style::Role;

/// The narrowest a column of a boxed table is made.
const NARROWEST: usize = 6;

/// Rows as aligned columns, `gap` spaces apart. The last column is not padded.
pub(crate) fn columns(rows: &[Vec<Line>], gap: usize) -> Vec<Line> {
    let widths = widths(rows.iter().map(Vec::as_slice));
    rows.iter()
        .map(|row| {
            let mut line = Line::default();
            let mut edge = 0;
            for (i, cell) in row.iter().enumerate() {
                line.pad(edge);
                line.append(cell.clone());
                edge += widths.get(i).copied().unwrap_or(0) + gap;
            }
            line
        })
        .collect()
}

/// A cell of a boxed table: its lines.
pub(crate) type Cell = Vec<Line>;

/// A boxed table of at most `width` columns, as far as its cells can be wrapped to that.
pub(crate) fn boxed(header: &[&str], rows: &[Vec<Cell>], width: usize) -> Vec<Line> {
    let header: Vec<Cell> = header.iter().map(|title| vec![Line::of(Role::Name, title)]).collect();
    let mut natural = vec![0; header.len()];
    for row in std::iter::once(&header).chain(rows) {
        for (widest, cell) in natural.iter_mut().zip(row) {
            *widest = cell.iter().map(Line::width).fold(*widest, usize::max);
        }
    }
    let widths = fit(natural, width);
    let mut out = vec![rule(&widths, "┌", "┬", "┐")];
    out.extend(boxed_row(&header, &widths));
    for row in rows {
        out.push(rule(&widths, "├", "┼", "┤"));
        out.extend(boxed_row(row, &widths));
    }
    out.push(rule(&widths, "└", "┴", "┘"));
    out
}

/// Takes from the widest columns until the table fits.
fn fit(mut widths: Vec<usize>, width: usize) -> Vec<usize> {
    let frame = 3 * widths.len() + 1;
    while widths.iter().sum::<usize>() + frame > width {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            Some(_) | None => break,
        }
    }
    widths
}

fn rule(widths: &[usize], left: &str, middle: &str, right: &str) -> Line {
    let bars: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
    Line::of(Role::Dim, &format!("{left}{}{right}", bars.join(middle)))
}

fn boxed_row(row: &[Cell], widths: &[usize]) -> Vec<Line> {
    let cells: Vec<Vec<Line>> = row
        .iter()
        .zip(widths)
        .map(|(cell, width)| cell.iter().flat_map(|line| line.wrap(*width)).collect())
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    (0..height)
        .map(|i| {
            let mut line = Line::of(Role::Dim, "│");
            for (cell, width) in cells.iter().zip(widths) {
                let edge = line.width() + 1;
                line.push(Role::Plain, " ");
                if let Some(text) = cell.get(i) {
                    line.append(text.clone());
                }
                line.pad(edge + width + 1);
                line.push(Role::Dim, "│");
            }
            line
        })
        .collect()
}

fn widths<'a>(rows: impl Iterator<Item = &'a [Line]>) -> Vec<usize> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (i, cell) in row.iter().enumerate() {
            match widths.get_mut(i) {
                Some(widest) => *widest = (*widest).max(cell.width()),
                None => widths.push(cell.width()),
            }
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::join;
    use crate::style::Palette;

    #[test]
    fn wide_characters_do_not_break_the_columns() {
        let rows =
            [vec![Line::plain("日本"), Line::plain("a")], vec![Line::plain("x"), Line::plain("b")]];
        assert_eq!(join(&columns(&rows, 2), Palette::Plain), "日本  a\nx     b\n");
    }

    #[test]
    fn a_table_wraps_its_widest_column_to_the_width() {
        let rows = [vec![
            vec![Line::plain("+")],
            vec![Line::plain("arn:aws:iam::1:role/x"), Line::plain("*")],
        ]];
        let text = join(&boxed(&["", "Resource"], &rows, 22), Palette::Plain);
        let expected = "\
┌───┬────────────────┐
│   │ Resource       │
├───┼────────────────┤
│ + │ arn:aws:iam::  │
│   │ 1:role/x       │
│   │ *              │
└───┴────────────────┘
";
        assert_eq!(text, expected);
    }
}
