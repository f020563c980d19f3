//! "Did you mean": the candidate most like a misspelt word.

/// A longer word is no misspelt name.
const LONGEST: usize = 128;

/// The candidate most like `word`, if one differs in no more than about a third of its letters.
/// Case counts little: a candidate that differs in case only is always the nearest.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let hidden = |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}');
    let word = word.trim_matches(hidden);
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    let allowed = (word.chars().count() / 3).clamp(1, 5);
    candidates
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= allowed)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed && *distance < word.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_word_is_found_and_a_strange_one_has_none() {
        let words = ["Description", "ChannelId", "Id"];
        assert_eq!(nearest("Desciption", words.into_iter()), Some("Description"));
        assert_eq!(nearest("channelid", words.into_iter()), Some("ChannelId"));
        assert_eq!(nearest("Description\u{a0}", words.into_iter()), Some("Description"));
        assert_eq!(nearest("Zebra", words.into_iter()), None);
    }
}
