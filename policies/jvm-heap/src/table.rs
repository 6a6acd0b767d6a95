//! Environment, command line and limit, and the heap that comes of them.

use forewarn_kit::env::Env;
use forewarn_kit::json::{Tape, quote};
use forewarn_kit::jvm;
use forewarn_kit::quantity::Quantity;
use forewarn_kit::settings::Settings;
use forewarn_kit::workload::{Class, Container, Workload};

use crate::heap::{Heap, HeapSize};
use crate::limit::Known;

/// Variables as `NAME=value`, `NAME<config/key` (a ConfigMap), `NAME!secret` (a Secret), `<config` and `PREFIX<config`
/// without a key (`envFrom`); `command` and `args`; the memory limit, `pod:` before it when it is the pod's; and the
/// bytes of the heap (`-` the JVM's default, `?` unseen, `bad` no start). An image before the limit gives the version.
type Row = (&'static [&'static str], &'static [&'static str], &'static [&'static str], &'static str, &'static str);

const G: &str = "1073741824";
const G2: &str = "2147483648";
const G8: &str = "8589934592";

const ROWS: &[Row] = &[
    // What each place says.
    (&["JAVA_TOOL_OPTIONS=-Xmx8g"], &[], &[], "9Gi", G8),
    (&["JDK_JAVA_OPTIONS=-Xmx8g"], &[], &[], "9Gi", G8),
    (&["_JAVA_OPTIONS=-Xmx8g"], &[], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx8g"], &[], &[], "9Gi", G8),
    (&["KAFKA_HEAP_OPTS=-Xms1g -Xmx8g"], &[], &[], "9Gi", G8),
    (&["JAVA_TOOL_OPTIONS=-XX:MaxHeapSize=8g"], &[], &[], "9Gi", G8),
    (&[], &["java", "-Xmx8g", "-jar", "app.jar"], &[], "9Gi", G8),
    (&[], &["java"], &["-Xmx8g", "-jar", "app.jar"], "9Gi", G8),
    (&[], &[], &["java", "-Xmx8g", "-jar", "app.jar"], "9Gi", G8),
    (&[], &[], &["-Xmx8g", "-jar", "app.jar"], "9Gi", G8),
    (&[], &["/opt/java/bin/java", "-mx8g", "Main"], &[], "9Gi", G8),
    (&[], &[], &[], "9Gi", "-"),
    (&["JAVA_TOOL_OPTIONS=-Xms8g -Xss1m"], &[], &[], "9Gi", "-"),
    // Precedence.
    (&["JAVA_TOOL_OPTIONS=-Xmx8g", "JDK_JAVA_OPTIONS=-Xmx1g"], &[], &[], "9Gi", G),
    (&["JDK_JAVA_OPTIONS=-Xmx8g"], &["java", "-Xmx1g", "Main"], &[], "9Gi", G),
    (&["JAVA_TOOL_OPTIONS=-Xmx8g"], &["java", "-Xmx1g", "Main"], &[], "9Gi", G),
    (&["_JAVA_OPTIONS=-Xmx8g"], &["java", "-Xmx1g", "Main"], &[], "9Gi", G8),
    (&["_JAVA_OPTIONS=-Xmx8g", "JAVA_TOOL_OPTIONS=-Xmx1g"], &[], &[], "9Gi", G8),
    (&["JAVA_TOOL_OPTIONS=-Xmx8g", "JAVA_OPTS=-Xmx1g"], &[], &[], "9Gi", G),
    (&["CATALINA_OPTS=-Xmx1g", "JAVA_OPTS=-Xmx8g"], &[], &[], "9Gi", G),
    (&["JAVA_OPTS=-Xmx8g"], &[], &["-Xmx1g", "-jar", "a.jar"], "9Gi", G),
    (&["JDK_JAVA_OPTIONS=-Xmx8g"], &[], &[], "openjdk:8 9Gi", "-"),
    (&["JDK_JAVA_OPTIONS=-Xmx8g", "JAVA_VERSION=1.8.0_212"], &[], &[], "9Gi", "-"),
    (&["JDK_JAVA_OPTIONS=-Xmx8g"], &[], &[], "openjdk:11 9Gi", G8),
    (&["JDK_JAVA_OPTIONS=-Xmx8g", "JAVA_TOOL_OPTIONS=-Xmx1g"], &["jshell"], &[], "9Gi", G),
    // Repeated flags.
    (&["JAVA_OPTS=-Xmx8g -Xmx1g"], &[], &[], "9Gi", G),
    (&["JAVA_OPTS=-Xmx8g -XX:MaxHeapSize=1g"], &[], &[], "9Gi", G),
    (&["JAVA_OPTS=-XX:MaxHeapSize=8g -Xmx1g -Xms4g"], &[], &[], "9Gi", G),
    (&["JAVA_OPTS=-Xmx1g", "JAVA_OPTS=-Xmx8g"], &[], &[], "9Gi", G8),
    // Units.
    (&["JAVA_OPTS=-Xmx8G"], &[], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx8192m"], &[], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx8192M"], &[], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx8388608k"], &[], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx8388608K"], &[], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx8589934592"], &[], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx0x200000000"], &[], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx1t"], &[], &[], "9Gi", "1099511627776"),
    (&["JAVA_OPTS=-Xmx1000000000"], &[], &[], "9Gi", "1000000000"),
    (&["JAVA_OPTS=-Xmx8Gi"], &[], &[], "9Gi", "bad"),
    (&["JAVA_OPTS=-Xmx1.5g"], &[], &[], "9Gi", "bad"),
    (&["JAVA_OPTS=-Xmx 8g"], &[], &[], "9Gi", "bad"),
    (&["JAVA_OPTS=-Xmx=8g"], &[], &[], "9Gi", "bad"),
    (&["JAVA_OPTS=-Xmxyz"], &[], &[], "9Gi", "bad"),
    (&[], &["java", "-Xmxyz", "Main"], &[], "9Gi", "bad"),
    (&[], &[], &["-Xmxyz"], "9Gi", "-"),
    // Quoting.
    (&["JAVA_TOOL_OPTIONS=-Dname='a b' -Xmx8g"], &[], &[], "9Gi", G8),
    (&["JAVA_TOOL_OPTIONS=\"-Xmx8g\" '-Xms1g'"], &[], &[], "9Gi", G8),
    (&["JAVA_TOOL_OPTIONS=-Dflags='-Xmx1g -Xmx8g'"], &[], &[], "9Gi", "-"),
    (&["JAVA_TOOL_OPTIONS=-Xmx8g\n-Xms1g\t-Xss1m"], &[], &[], "9Gi", G8),
    (&["JAVA_TOOL_OPTIONS=-Xmx8g -Dname='open"], &[], &[], "9Gi", "-"),
    (&["JAVA_OPTS=-Xmx8g -Dname='open"], &[], &[], "9Gi", G8),
    // Shells.
    (&[], &["sh", "-c", "java -Xmx8g -jar app.jar"], &[], "9Gi", G8),
    (&[], &["/bin/bash", "-ec", "cd /app && exec java -Xmx8g -jar app.jar"], &[], "9Gi", G8),
    (&[], &["sh", "-c"], &["java '-Xmx8g' \"-jar\" app.jar"], "9Gi", G8),
    (&[], &["sh", "-c", "java -Dx=\"-Xmx8g -Xmx4g\" -Xmx1g Main"], &[], "9Gi", G),
    (&[], &["sh", "-c", "java -Xmx1g Migrate; java -Xmx8g Main"], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx8g -Xms8g"], &["sh", "-c", "exec java $JAVA_OPTS -jar app.jar"], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx8g"], &["sh", "-c", "exec java ${JAVA_OPTS} -Xmx1g -jar app.jar"], &[], "9Gi", G),
    (&["JAVA_OPTS=-Xmx8g"], &["sh", "-c", "exec java -Xmx1g -jar app.jar"], &[], "9Gi", G),
    (&["JAVA_OPTS=-Xmx8g"], &["sh", "-c", "exec java -Xmx1g '$JAVA_OPTS' -jar app.jar"], &[], "9Gi", G),
    (&["JAVA_OPTS=-Xmx8g"], &["java", "-jar", "app.jar"], &[], "9Gi", "-"),
    (&["JAVA_OPTS=-Xmx8g"], &["./start.sh"], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx1g"], &["sh", "-c", "JAVA_OPTS=\"-Xmx8g -Xms8g\" ./start.sh"], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx1g"], &["sh", "-c", "export JAVA_OPTS=\"$JAVA_OPTS -Xmx8g\"; ./start.sh"], &[], "9Gi", G8),
    (&[], &["sh", "-c", "_JAVA_OPTIONS=-Xmx8g java -Xmx1g Main"], &[], "9Gi", G8),
    (&[], &["sh", "-c", "java ${HEAP:--Xmx8g} Main"], &[], "9Gi", G8),
    (&[], &["sh", "-c", "java -Xmx$(cat /heap)m Main"], &[], "9Gi", "?"),
    (&["JAVA_OPTS=-Xmx8g"], &["sh", "-c", "if [ -f x ]; then exec java $JAVA_OPTS Main; fi"], &[], "9Gi", G8),
    // What the kubelet replaces.
    (&["HEAP=8g", "JAVA_OPTS=-Xmx$(HEAP)"], &[], &[], "9Gi", G8),
    (&["JAVA_OPTS=-Xmx$(HEAP)", "HEAP=8g"], &[], &[], "9Gi", "bad"),
    (&["HEAP=8g"], &["java", "-Xmx$(HEAP)", "Main"], &[], "9Gi", G8),
    (&["OPTS=-Xmx8g"], &["java", "$(OPTS)", "Main"], &[], "9Gi", G8),
    (&["OPTS=-Xmx8g -Xms1g"], &["java", "$(OPTS)", "Main"], &[], "9Gi", "bad"),
    (&["HEAP=8g", "JAVA_OPTS=-Xmx1g -Dx=$$(HEAP)"], &[], &[], "9Gi", G),
    (&["HEAP=8g"], &["sh", "-c", "java -Xmx$HEAP Main"], &[], "9Gi", G8),
    (&["HEAP=8g"], &["sh", "-c", "java -Xmx$(HEAP) Main"], &[], "9Gi", G8),
    (&["HEAP=8g"], &["sh", "-c", "java -Xmx$$(HEAP) Main"], &[], "9Gi", "?"),
    (&["HEAP=8g"], &["java", "-Xmx$HEAP", "Main"], &[], "9Gi", "bad"),
    // ConfigMaps and Secrets.
    (&["JAVA_OPTS<config/opts"], &[], &[], "9Gi", G2),
    (&["HEAP<config/heap", "JAVA_OPTS=-Xmx$(HEAP)"], &[], &[], "9Gi", G2),
    (&["<config"], &[], &[], "9Gi", G8),
    (&["JAVA_<config"], &[], &[], "9Gi", G),
    (&["<config", "JAVA_OPTS=-Xmx1g"], &[], &[], "9Gi", G),
    (&["JAVA_OPTS<config/nothing"], &[], &[], "9Gi", "-"),
    (&["JAVA_OPTS<hidden/opts"], &[], &[], "9Gi", "?"),
    (&["JAVA_OPTS!secret"], &[], &[], "9Gi", "?"),
    (&["JAVA_OPTS!secret", "_JAVA_OPTIONS=-Xmx1g"], &[], &[], "9Gi", G),
    (&["HEAP!secret", "JAVA_OPTS=-Xmx$(HEAP)"], &[], &[], "9Gi", "?"),
    (&["KEY!secret", "JAVA_OPTS=-Xmx1g -Dkey=$(KEY)"], &[], &[], "9Gi", G),
    (&["JAVA_OPTS!secret"], &["java", "-jar", "app.jar"], &[], "9Gi", "-"),
    (&["HOST!secret"], &[], &[], "9Gi", "-"),
    (&[], &["java", "@heap.options", "Main"], &[], "9Gi", "?"),
    (&[], &["java", "@heap.options", "-Xmx1g", "Main"], &[], "9Gi", G),
    (&[], &["java", "-Xmx1g", "Main", "@x"], &[], "9Gi", G),
    (&["JAVA_TOOL_OPTIONS=-Xmx1g -XX:VMOptionsFile=/etc/vm"], &[], &[], "9Gi", "?"),
    // Percentages.
    (&["JAVA_OPTS=-XX:MaxRAMPercentage=50.0"], &[], &[], "16Gi", G8),
    (&["JAVA_OPTS=-XX:MaxRAMPercentage=25"], &[], &[], "pod:4Gi", G),
    (&["JAVA_OPTS=-XX:MaxRAMPercentage=12.5"], &[], &[], "8Gi", G),
    (&["JAVA_OPTS=-XX:MaxRAMPercentage=50 -XX:MaxRAMPercentage=25"], &[], &[], "8Gi", G2),
    (&["JAVA_OPTS=-XX:MaxRAMFraction=1"], &[], &[], "8Gi", G8),
    (&["JAVA_OPTS=-XX:MaxRAMFraction=4"], &[], &[], "8Gi", G2),
    (&["JAVA_OPTS=-XX:MaxRAMPercentage=25 -XX:MaxRAMFraction=1"], &[], &[], "8Gi", G2),
    (&["JAVA_OPTS=-Xmx1g -XX:MaxRAMPercentage=90"], &[], &[], "8Gi", G),
    (&["JAVA_OPTS=-XX:MaxRAMPercentage=90 -XX:MaxRAM=1g"], &[], &[], "8Gi", "-"),
    (&["JAVA_OPTS=-XX:MaxRAMPercentage=75%"], &[], &[], "8Gi", "bad"),
    (&["JAVA_OPTS=-XX:MaxRAMPercentage=150"], &[], &[], "8Gi", "bad"),
    (&["JAVA_OPTS=-XX:MaxRAMFraction=0"], &[], &[], "8Gi", "bad"),
    // What only looks like a flag.
    (&[], &["java", "-jar", "app.jar", "-Xmx8g"], &[], "9Gi", "-"),
    (&[], &["java", "Main"], &["-Xmxyz"], "9Gi", "-"),
    (&[], &["java", "-m", "app/app.Main", "-Xmx8g"], &[], "9Gi", "-"),
    (&[], &["java", "-cp", "-Xmx8g", "Main"], &[], "9Gi", "-"),
    (&[], &["java", "-Dfoo=-Xmx8g", "Main"], &[], "9Gi", "-"),
    (&[], &["sh", "-c", "echo -Xmx8g"], &[], "9Gi", "-"),
    (&[], &["sh", "-c", "echo java -Xmx8g; exec java -Xmx1g Main"], &[], "9Gi", G),
    (&[], &["sh", "-c", "java -Xmx1g Main # -Xmx8g"], &[], "9Gi", G),
    (&[], &["sh", "-c", "# java -Xmx8g\njava -Xmx1g Main"], &[], "9Gi", G),
    (&[], &["./start.sh", "-Xmx8g"], &[], "9Gi", "-"),
    (&[], &["javac", "-J-Xmx8g", "Main.java"], &[], "9Gi", "-"),
    (&[], &[], &["serve", "-Xmx8g"], "9Gi", "-"),
    (&["DESCRIPTION=run it with -Xmx8g"], &[], &[], "9Gi", "-"),
    (&["JAVA_OPTS=-XX:MaxHeapSizes=8g -Xmn8g -XX:HeapBaseMinAddress=8g"], &[], &[], "9Gi", "-"),
    (&["JAVA_OPTS=-xmx8g"], &[], &[], "9Gi", "-"),
];

#[test]
fn rows() {
    for row in ROWS {
        assert_eq!(effective(row), row.4, "{row:?}");
    }
}

fn effective((env, command, args, limit, _): &Row) -> String {
    let (image, limit) = limit.rsplit_once(' ').unwrap_or(("app", limit));
    let resources = |limit: &str| format!(r#"{{"limits":{{"memory":{}}}}}"#, quote(limit));
    let (of_pod, own) = match limit.strip_prefix("pod:") {
        Some(limit) => (resources(limit), "null".to_owned()),
        None => ("null".to_owned(), resources(limit)),
    };
    let list = |words: &[&str]| words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(",");
    let (from, env): (Vec<&str>, Vec<&str>) =
        env.iter().copied().partition(|entry| !entry.contains('=') && entry.contains('<') && !entry.contains('/'));
    let text = format!(
        r#"{{"resources":{of_pod},"containers":[{{"name":"app","image":{},"command":[{}],"args":[{}],"resources":{own},"env":[{}],"envFrom":[{}]}}]}}"#,
        quote(image),
        list(command),
        list(args),
        env.iter().map(|entry| variable(entry)).collect::<Vec<_>>().join(","),
        from.iter().map(|entry| source(entry)).collect::<Vec<_>>().join(",")
    );
    let tape = Tape::parse(&text).expect("JSON");
    let spec = tape.root();
    let node = spec.objects("containers").next().expect("a container");
    let container = Container { node, name: None, class: Class::Regular, exempt: false };
    let config = |name: &str| {
        let data = r#"{"data":{"opts":"-Xmx2g","heap":"2g","JAVA_OPTS":"-Xmx8g","OPTS":"-Xmx1g"}}"#;
        (name == "config").then(|| data.to_owned())
    };
    let variables = jvm::script_variables(&mut Settings::new(None));
    let env = Env::of(node, &config, &|name| jvm::reads(name) || variables.iter().any(|variable| variable == name));
    let jvms = jvm::jvms(&container, &env, crate::java(&container, &env), &variables);
    let workload = Workload {
        object: spec,
        group: "apps".into(),
        kind: "Deployment".into(),
        namespace: None,
        template: spec,
        spec,
        pod_metadata: None,
        containers: Vec::new(),
    };
    let Known::Limit(limit) = Known::of(&workload, &container) else { return "no limit".to_owned() };
    let heaps: Vec<_> = jvms.iter().map(Heap::of).collect();
    if heaps.iter().any(|heap| !heap.bad.is_empty()) {
        return "bad".to_owned();
    }
    if heaps.iter().any(|heap| heap.unseen.is_some()) {
        return "?".to_owned();
    }
    let bytes = |size: HeapSize| match size {
        HeapSize::Bytes(bytes) => Quantity::units(i64::try_from(bytes).expect("a heap below 8 EiB")),
        HeapSize::Share(hundredths) => Quantity::units(limit.value.ceil() * i64::from(hundredths) / 10_000),
    };
    let largest = heaps.iter().filter_map(|heap| heap.decided).map(|decided| bytes(decided.size)).max();
    largest.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string())
}

fn variable(entry: &str) -> String {
    let at = entry.find(['=', '<', '!']).expect("a variable");
    let (name, rest) = entry.split_at_checked(at).expect("one byte long");
    let mut rest = rest.chars();
    let (end, rest) = (rest.next().expect("just found"), rest.as_str());
    let name = quote(name);
    match end {
        '=' => format!(r#"{{"name":{name},"value":{}}}"#, quote(rest)),
        '!' => format!(r#"{{"name":{name},"valueFrom":{{"secretKeyRef":{{"name":{},"key":"k"}}}}}}"#, quote(rest)),
        _ => {
            let (of, key) = rest.split_once('/').expect("a key");
            let reference = format!(r#"{{"name":{},"key":{}}}"#, quote(of), quote(key));
            format!(r#"{{"name":{name},"valueFrom":{{"configMapKeyRef":{reference}}}}}"#)
        }
    }
}

fn source(entry: &str) -> String {
    let (prefix, name) = entry.split_once('<').expect("a source");
    format!(r#"{{"prefix":{},"configMapRef":{{"name":{}}}}}"#, quote(prefix), quote(name))
}
