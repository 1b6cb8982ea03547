//! A table whose columns are aligned as the eye sees them: by display width, not by bytes.

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

/// Between two columns.
const GAP: &str = "  ";

/// One cell: a text, and how it looks.
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
}

impl Cell {
    /// A text with a look.
    pub(super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

/// Rows below a header.
pub(super) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns.
    pub(super) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row: one cell a column.
    pub(super) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        assert_eq!(N, self.header.len(), "a row has a cell for each column");
        self.rows.push(cells.into());
    }

    /// The table, each line ended. Columns that are empty in every row are left out.
    pub(super) fn render(&self) -> String {
        let widths: Vec<usize> = (0..self.header.len()).map(|column| self.width(column)).collect();
        let header: Vec<Cell> =
            self.header.iter().map(|name| Cell::styled(*name, Style::new().bold())).collect();
        let mut text = render_row(&header, &widths);
        for row in &self.rows {
            text.push_str(&render_row(row, &widths));
        }
        text
    }

    /// 0 for a column without a text.
    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| row[column].text.width()).max().unwrap_or(0);
        if cells == 0 { 0 } else { cells.max(self.header[column].width()) }
    }
}

fn render_row(cells: &[Cell], widths: &[usize]) -> String {
    let mut line = String::new();
    let mut owed = 0;
    let shown = cells.iter().zip(widths).filter(|(_, width)| **width > 0);
    for (index, (cell, width)) in shown.enumerate() {
        if index > 0 {
            owed += GAP.len();
        }
        if !cell.text.is_empty() {
            line.extend(std::iter::repeat_n(' ', owed));
            owed = 0;
            line.push_str(&paint(&cell.text, cell.style));
        }
        owed += width.saturating_sub(cell.text.width());
    }
    line.push('\n');
    line
}

/// A text with a look; no codes where there is no look.
pub(super) fn paint(text: &str, style: Style) -> String {
    if style.is_plain() { text.to_owned() } else { format!("{style}{text}{style:#}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_as_the_eye_sees_them() {
        let mut table = Table::new(&["NAME", "EMPTY", "STATE"]);
        table.row(["Maçonnerie".into(), "".into(), "sent".into()]);
        table.row(["Mac\u{327}onnerie".into(), "".into(), "held".into()]);
        table.row(["北京".into(), "".into(), Cell::styled("red", Style::new().bold())]);
        table.row(["".into(), "".into(), "x".into()]);
        let text = anstream::adapter::strip_str(&table.render()).to_string();
        let expected = "NAME        STATE\nMaçonnerie  sent\nMac\u{327}onnerie  held\n\
                        北京        red\n            x\n";
        assert_eq!(text, expected);
    }
}
