//! Which values must not be shown, told by the names of their variables.

/// What is shown in the place of a secret.
pub const MASK: &str = "********";

/// Words of a name that make its value a secret, wherever they stand in it.
const WORDS: [&str; 14] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PWD",
    "TOKEN",
    "SECRET",
    "SECRETS",
    "KEY",
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "AUTH",
    "COOKIE",
    "DSN",
];

/// Names that hold such a word and no secret.
const PLAIN: [&str; 3] = ["PWD", "OLDPWD", "SSH_AUTH_SOCK"];

/// Last words after which a name speaks of a secret and does not hold one.
const ABOUT: [&str; 10] = ["FILE", "PATH", "DIR", "ID", "NAME", "URL", "SOCK", "ENABLED", "TTL", "LENGTH"];

/// Whether a variable of that name holds a secret, as far as can be told: `DB_PASSWORD`, `githubToken`, `api-key`.
pub fn has_secret_name(name: &str) -> bool {
    if PLAIN.contains(&name) {
        return false;
    }
    let words = words(name);
    let is_about = words.last().is_some_and(|last| ABOUT.contains(&last.as_str()));
    !is_about && words.iter().any(|word| WORDS.contains(&word.as_str()))
}

/// The words of a name in capitals, split where it has no letter and where small letters are followed by a capital.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for ch in name.chars() {
        let begins = before.is_ascii_lowercase() && ch.is_ascii_uppercase();
        if begins || !ch.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if ch.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(ch.to_ascii_uppercase());
        }
        before = ch;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_speak_of_a_secret_are_known_and_others_are_left_alone() {
        for secret in [
            "PASSWORD",
            "DB_PASSWORD",
            "POSTGRES_PASSWORD",
            "GITHUB_TOKEN",
            "githubToken",
            "api-key",
            "API_KEY",
            "SECRET_KEY_BASE",
            "AWS_SECRET_ACCESS_KEY",
            "client.secret",
            "SENTRY_DSN",
            "MYSQL_PWD",
            "BASIC_AUTH",
        ] {
            assert!(has_secret_name(secret), "{secret}");
        }
        for plain in [
            "",
            "PATH",
            "PWD",
            "OLDPWD",
            "HOME",
            "KEYBOARD",
            "MONKEY",
            "TOKENIZER",
            "AUTHOR",
            "SSH_AUTH_SOCK",
            "SSH_KEY_PATH",
            "AWS_ACCESS_KEY_ID",
            "TOKEN_URL",
            "PASSWORD_FILE",
            "DATABASE",
        ] {
            assert!(!has_secret_name(plain), "{plain}");
        }
    }
}
