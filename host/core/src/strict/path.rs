//! JSON Pointers as people write paths.

/// Appends a key to a pointer.
pub(super) fn push(pointer: &mut String, key: &str) {
    pointer.push('/');
    if key.contains(['~', '/']) {
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(key);
    }
}

/// `spec.containers[0].env`
pub(super) fn exact(pointer: &str) -> String {
    readable(pointer, |index| format!("[{index}]"))
}

/// `spec.containers[].env`
pub(super) fn general(pointer: &str) -> String {
    readable(pointer, |_| "[]".to_owned())
}

/// `spec.containers.env`, as `kubectl explain` takes it.
pub(super) fn of_fields(pointer: &str) -> String {
    readable(pointer, |_| String::new())
}

fn readable(pointer: &str, index: impl Fn(&str) -> String) -> String {
    let mut path = String::new();
    for token in pointer.split('/').skip(1) {
        if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&index(token));
            continue;
        }
        let key = token.replace("~1", "/").replace("~0", "~");
        if key.is_empty() || key.contains(['.', '/', ' ']) {
            path.push_str(&format!("[\"{key}\"]"));
            continue;
        }
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&key);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_written_as_a_path() {
        let mut pointer = "/spec/containers/0".to_owned();
        push(&mut pointer, "env");
        assert_eq!(exact(&pointer), "spec.containers[0].env");
        assert_eq!(general(&pointer), "spec.containers[].env");
        assert_eq!(of_fields(&pointer), "spec.containers.env");
        let mut pointer = "/metadata/annotations".to_owned();
        push(&mut pointer, "example.com/a~b");
        assert_eq!(pointer, "/metadata/annotations/example.com~1a~0b");
        assert_eq!(exact(&pointer), "metadata.annotations[\"example.com/a~b\"]");
        assert_eq!(exact(""), "");
    }
}
