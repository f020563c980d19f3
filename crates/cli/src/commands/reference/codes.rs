//! The page about codes: the page of `rstack explain` about each.

use rstack_explain::Page;

/// The page.
pub(super) fn page() -> String {
    let pages = Page::all();
    let mut text = String::from(
        "# Codes\n\nEvery message with a code, such as `error[cycle]`, has a section here. \
         `rstack explain CODE` prints it in the terminal, and explains the rules of AWS's validator \
         (`E3012`, `W2001`), too.\n\n",
    );
    for page in &pages {
        text.push_str(&format!("- [`{0}`](#{0}): {1}\n", page.name, page.title));
    }
    for page in &pages {
        text.push_str(&section(page));
    }
    text
}

/// A page as a section, whose heading is the code alone: links to it stay when its title changes.
fn section(page: &Page) -> String {
    let (name, mut title) = (page.name, page.title.chars());
    let title: String = title.next().iter().flat_map(|c| c.to_uppercase()).chain(title).collect();
    let mut text = format!("\n## {name}\n\n{title}.\n");
    let mut in_fence = false;
    for line in page.markdown.lines().skip(1) {
        in_fence ^= line.starts_with("```");
        let heading = if !in_fence && line.starts_with('#') { "#" } else { "" };
        text.push_str(&format!("{heading}{line}\n"));
    }
    text.trim_end().to_owned() + "\n"
}
