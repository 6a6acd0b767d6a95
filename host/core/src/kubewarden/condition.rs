//! Match conditions: CEL expressions that decide whether a policy is asked.

use super::field::nearest;
use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::objects::{Key, Map};
use cel::{Context, Env, ExecutionError, Program, extensions};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};
use thiserror::Error;

/// The longest expression, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// What an expression can name, as in a webhook configuration.
const VARIABLES: [&str; 4] = ["object", "oldObject", "request", "authorizer"];

/// What only an API server can answer.
const AUTHORIZER: &str = "authorizer";

/// Names that are types or namespaces of functions.
const TYPES: [&str; 14] = [
    "bool",
    "bytes",
    "double",
    "dyn",
    "int",
    "list",
    "map",
    "null_type",
    "optional",
    "optional_type",
    "string",
    "type",
    "uint",
    "base64",
];

/// Functions that are evaluated here, besides operators.
const FUNCTIONS: [&str; 36] = [
    "all",
    "bool",
    "bytes",
    "charAt",
    "contains",
    "double",
    "dyn",
    "endsWith",
    "exists",
    "exists_one",
    "filter",
    "format",
    "has",
    "hasValue",
    "indexOf",
    "int",
    "join",
    "lastIndexOf",
    "lowerAscii",
    "map",
    "matches",
    "none",
    "of",
    "ofNonZeroValue",
    "optFlatMap",
    "optMap",
    "or",
    "orValue",
    "replace",
    "size",
    "split",
    "startsWith",
    "string",
    "substring",
    "trim",
    "uint",
];

/// Functions that the API server has, and that are not evaluated here.
const ELSEWHERE: [&str; 79] = [
    "add",
    "allowed",
    "asApproximateFloat",
    "asInteger",
    "check",
    "cidr",
    "compareTo",
    "containsCIDR",
    "containsIP",
    "decode",
    "distinct",
    "duration",
    "encode",
    "errored",
    "error",
    "family",
    "fieldSelector",
    "find",
    "findAll",
    "first",
    "flatten",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getEscapedPath",
    "getFullYear",
    "getHost",
    "getHostname",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getPort",
    "getQuery",
    "getScheme",
    "getSeconds",
    "group",
    "intersects",
    "ip",
    "isCIDR",
    "isCanonical",
    "isGlobalUnicast",
    "isGreaterThan",
    "isIP",
    "isInteger",
    "isLessThan",
    "isLinkLocalMulticast",
    "isLinkLocalUnicast",
    "isLoopback",
    "isQuantity",
    "isSemver",
    "isSorted",
    "isURL",
    "isUnspecified",
    "labelSelector",
    "last",
    "major",
    "masked",
    "max",
    "min",
    "minor",
    "name",
    "named",
    "namespace",
    "patch",
    "path",
    "prefixLength",
    "quantity",
    "reason",
    "requestResource",
    "resource",
    "reverse",
    "semver",
    "serviceAccount",
    "subresource",
    "sum",
    "timestamp",
    "upperAscii",
];

/// One match condition.
#[derive(Debug)]
pub struct Condition {
    /// Its name.
    pub name: String,
    program: Program,
    /// What in it only an API server can answer.
    unknown: BTreeSet<String>,
    /// Whether it looks at who asks.
    user: bool,
}

/// Why a condition cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConditionError {
    /// The text is no expression.
    #[error("line {line}, column {column} of the expression: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// The expression is too long.
    #[error("the expression has more than {MAX_BYTES} bytes")]
    TooLong,
    /// There is no such variable.
    #[error("there is no variable `{name}`")]
    UnknownVariable {
        /// The name.
        name: String,
    },
    /// There is no such function.
    #[error("there is no function `{name}`")]
    UnknownFunction {
        /// The name.
        name: String,
        /// The nearest that there is.
        near: Option<&'static str>,
    },
    /// The expression has another value than true or false.
    #[error("the expression is {found}, not true or false")]
    NotBoolean {
        /// The type of its value.
        found: String,
    },
    /// The expression fails whatever the object is.
    #[error("the expression fails for every object: {reason}")]
    AlwaysFails {
        /// Why.
        reason: String,
    },
}

impl ConditionError {
    /// What to write instead.
    pub(super) fn help(&self) -> Option<String> {
        match self {
            Self::UnknownVariable { name } => Some(match nearest(name, VARIABLES) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "a condition sees `object`, `oldObject`, `request` and `authorizer`".to_owned(),
            }),
            Self::UnknownFunction { near, .. } => near.map(|near| format!("did you mean `{near}`?")),
            Self::NotBoolean { .. } => Some("compare it with something".to_owned()),
            _ => None,
        }
    }
}

/// What conditions are evaluated on.
pub(super) struct Variables {
    object: cel::Value,
    old_object: cel::Value,
    request: cel::Value,
}

impl Variables {
    /// The variables of one request.
    pub(super) fn new(object: &Value, old_object: Option<&Value>, request: &Value) -> Self {
        Self { object: value(object), old_object: old_object.map_or(cel::Value::Null, value), request: value(request) }
    }
}

/// What came of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The policy may be asked.
    Met,
    /// The policy is not asked.
    NotMet,
    /// Nobody can tell.
    Failed(String),
}

impl Condition {
    /// Compiles a condition.
    ///
    /// # Errors
    /// When it is no expression, or one that the API server would refuse.
    pub fn compile(name: &str, expression: &str) -> Result<Self, ConditionError> {
        if expression.len() > MAX_BYTES {
            return Err(ConditionError::TooLong);
        }
        let program = ENVIRONMENT.compile(expression).map_err(|errors| syntax(&errors))?;
        let mut names = Names::default();
        names.visit(program.expression(), &mut Vec::new());
        if let Some(name) = names.variables.iter().find(|name| !VARIABLES.contains(&name.as_str())) {
            return Err(ConditionError::UnknownVariable { name: name.clone() });
        }
        let mut unknown = BTreeSet::new();
        if names.variables.contains(AUTHORIZER) {
            unknown.insert(AUTHORIZER.to_owned());
        }
        for function in names.functions {
            if ELSEWHERE.contains(&function.as_str()) {
                unknown.insert(format!("{function}()"));
            } else if !FUNCTIONS.contains(&function.as_str()) {
                let near = nearest(&function, FUNCTIONS.iter().chain(&ELSEWHERE).copied());
                return Err(ConditionError::UnknownFunction { name: function, near });
            }
        }
        let condition = Self { name: name.to_owned(), program, unknown, user: names.user };
        if names.variables.is_empty() && condition.unknown.is_empty() {
            let result = condition.program.execute(&Context::with_env(Arc::clone(&ENVIRONMENT)));
            match result {
                Ok(cel::Value::Bool(_)) => {}
                Ok(other) => return Err(ConditionError::NotBoolean { found: kind(&other) }),
                Err(error) => return Err(ConditionError::AlwaysFails { reason: reason(&error) }),
            }
        }
        Ok(condition)
    }

    /// What in the condition only an API server can answer.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.unknown.iter().map(String::as_str)
    }

    /// Whether the condition looks at who asks, which is made up offline.
    #[must_use]
    pub fn is_about_users(&self) -> bool {
        self.user
    }

    /// Evaluates the condition. What only an API server can answer counts as met, because a policy that is asked too
    /// often errs on the safe side.
    pub(super) fn evaluate(&self, variables: &Variables) -> Outcome {
        if !self.unknown.is_empty() {
            return Outcome::Met;
        }
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        context.add_variable_from_value("object", variables.object.clone());
        context.add_variable_from_value("oldObject", variables.old_object.clone());
        context.add_variable_from_value("request", variables.request.clone());
        match self.program.execute(&context) {
            Ok(cel::Value::Bool(true)) => Outcome::Met,
            Ok(cel::Value::Bool(false)) => Outcome::NotMet,
            Ok(other) => Outcome::Failed(format!("its value is {}, not true or false", kind(&other))),
            Err(error) => Outcome::Failed(reason(&error)),
        }
    }
}

/// The language, with the library for text that the API server has too.
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut environment = Env::stdlib();
    // It fails only for functions that are there already.
    let _ = environment.add_extension(extensions::strings);
    Arc::new(environment)
});

/// A JSON value as the API server hands it over: whole numbers are of one type, whatever their sign.
fn value(json: &Value) -> cel::Value {
    match json {
        Value::Null => cel::Value::Null,
        Value::Bool(value) => cel::Value::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => cel::Value::Int(whole),
            None => cel::Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        Value::Array(items) => cel::Value::List(Arc::new(items.iter().map(value).collect())),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, field)| (Key::String(Arc::new(key.clone())), value(field)));
            cel::Value::Map(Map { map: Arc::new(fields.collect::<HashMap<_, _>>()) })
        }
    }
}

fn kind(value: &cel::Value) -> String {
    format!("of type `{}`", value.type_of())
}

/// Why an expression fails. The library would spell values out, maps in an order that changes from run to run.
fn reason(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("there is no field `{key}`"),
        ExecutionError::NoSuchOverload(error) => error.to_string(),
        ExecutionError::UndeclaredReference(name) => format!("there is no `{name}`"),
        ExecutionError::FunctionError { function, message } => format!("`{function}`: {message}"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "a division by zero".to_owned(),
        ExecutionError::Overflow(..) => "a number is too large".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "a list is shorter than the index".to_owned(),
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            format!("a function takes {expected} arguments and is given {actual}")
        }
        _ => "an operator or function is given values of the wrong type".to_owned(),
    }
}

fn syntax(errors: &cel::ParseErrors) -> ConditionError {
    let Some(error) = errors.errors.first() else {
        return ConditionError::Syntax { line: 1, column: 1, message: "it is no expression".to_owned() };
    };
    let (line, column) = error.pos;
    let number = |value: isize| usize::try_from(value).unwrap_or_default().max(1);
    let message = error.msg.trim().trim_start_matches("Syntax error: ").to_owned();
    ConditionError::Syntax { line: number(line), column: number(column), message }
}

/// The names that an expression uses without declaring them.
#[derive(Default)]
struct Names {
    variables: BTreeSet<String>,
    functions: BTreeSet<String>,
    user: bool,
}

impl Names {
    /// Walks through an expression, `bound` being the variables of the comprehensions around it. Its depth is bounded by
    /// the parser.
    fn visit<'e>(&mut self, expression: &'e IdedExpr, bound: &mut Vec<&'e str>) {
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => self.variable(name, bound),
            Expr::Call(call) => {
                self.function(&call.func_name);
                let target = call.target.iter().map(|target| &**target);
                target.chain(&call.args).for_each(|part| self.visit(part, bound));
            }
            Expr::List(list) => list.elements.iter().for_each(|item| self.visit(item, bound)),
            Expr::Select(select) => {
                let is_request = matches!(&select.operand.expr, Expr::Ident(name) if name == "request");
                self.user |= is_request && select.field == "userInfo";
                self.visit(&select.operand, bound);
            }
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.entry(&entry.expr, bound)),
            Expr::Struct(made) => made.entries.iter().for_each(|entry| self.entry(&entry.expr, bound)),
            Expr::Comprehension(comprehension) => {
                self.visit(&comprehension.iter_range, bound);
                self.visit(&comprehension.accu_init, bound);
                let before = bound.len();
                bound.push(&comprehension.iter_var);
                bound.extend(comprehension.iter_var2.as_deref());
                bound.push(&comprehension.accu_var);
                self.visit(&comprehension.loop_cond, bound);
                self.visit(&comprehension.loop_step, bound);
                self.visit(&comprehension.result, bound);
                bound.truncate(before);
            }
        }
    }

    fn entry<'e>(&mut self, entry: &'e EntryExpr, bound: &mut Vec<&'e str>) {
        match entry {
            EntryExpr::StructField(field) => self.visit(&field.value, bound),
            EntryExpr::MapEntry(entry) => {
                self.visit(&entry.key, bound);
                self.visit(&entry.value, bound);
            }
        }
    }

    fn variable(&mut self, name: &str, bound: &[&str]) {
        let is_own = bound.contains(&name) || name.starts_with('@') || TYPES.contains(&name);
        if !is_own {
            self.variables.insert(name.to_owned());
        }
    }

    /// Operators are functions whose names are no words.
    fn function(&mut self, name: &str) {
        if name.starts_with(|first: char| first.is_ascii_alphabetic()) && !name.contains('@') {
            self.functions.insert(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn variables() -> Variables {
        let object = json!({
            "metadata": {"name": "web", "labels": {"app": "shop"}},
            "spec": {"replicas": 3, "paused": false, "containers": [{"image": "nginx:1"}, {"image": "redis:7"}]},
        });
        let request =
            json!({"operation": "CREATE", "namespace": "shop", "userInfo": {"username": "ann", "groups": []}});
        Variables::new(&object, None, &request)
    }

    #[track_caller]
    fn evaluate(expression: &str) -> Outcome {
        Condition::compile("c", expression)
            .unwrap_or_else(|error| panic!("{expression}: {error}"))
            .evaluate(&variables())
    }

    #[test]
    fn conditions_are_evaluated() {
        for (expression, expected) in [
            ("true", Outcome::Met),
            ("object.metadata.name == 'web'", Outcome::Met),
            ("object.spec.replicas > 2 && object.spec.replicas == 3", Outcome::Met),
            ("oldObject == null", Outcome::Met),
            ("has(object.metadata.annotations)", Outcome::NotMet),
            ("!has(object.metadata.labels) || object.metadata.labels['app'] != 'shop'", Outcome::NotMet),
            ("'app' in object.metadata.labels", Outcome::Met),
            ("object.spec.containers.exists(c, c.image.startsWith('redis:'))", Outcome::Met),
            ("object.spec.containers.all(c, c.image.matches('^nginx:'))", Outcome::NotMet),
            ("object.spec.containers.map(c, c.image).size() == 2", Outcome::Met),
            ("request.operation == 'CREATE' ? request.namespace == 'shop' : false", Outcome::Met),
            ("object.metadata.?annotations[?'x'].orValue('none') == 'none'", Outcome::Met),
            ("object.metadata.name.lowerAscii() in ['web', 'db']", Outcome::Met),
            ("!('system:nodes' in request.userInfo.groups)", Outcome::Met),
            ("size(string(object.spec.replicas)) == 1", Outcome::Met),
        ] {
            assert_eq!(evaluate(expression), expected, "{expression}");
        }
    }

    #[test]
    fn what_fails_is_told_in_the_same_words_every_time() {
        for (expression, word) in [
            ("object.metadata.annotations['x'] == 'y'", "there is no field `annotations`"),
            ("object.metadata.name", "of type `string`"),
            ("object.spec.replicas", "of type `int`"),
            ("object.spec.containers[9].image == 'x'", "shorter than the index"),
            ("object.metadata < 3", ""),
            ("object.metadata.name.matches('(')", ""),
        ] {
            let (first, second) = (evaluate(expression), evaluate(expression));
            assert!(matches!(&first, Outcome::Failed(reason) if reason.contains(word)), "{expression}: {first:?}");
            assert_eq!(first, second);
        }
    }

    #[test]
    fn expressions_that_the_api_server_refuses_are_refused() {
        for (expression, word) in [
            ("", "line 1"),
            ("object.spec.replicas >", "line 1, column"),
            ("true &&\n  (false", "line 2"),
            ("objct.metadata.name == 'x'", "no variable `objct`"),
            ("namespaceObject.metadata.name == 'x'", "no variable `namespaceObject`"),
            ("variables.x", "no variable `variables`"),
            ("object.spec.containers.exists(c, d.image == 'x')", "no variable `d`"),
            ("object.metadata.name.startWith('x')", "no function `startWith`"),
            ("'yes'", "of type `string`"),
            ("1 + 1", "of type `int`"),
            ("1 / 0 == 1", "fails for every object"),
        ] {
            let error = Condition::compile("c", expression).expect_err(expression);
            assert!(error.to_string().contains(word), "{expression}: {error}");
        }
        let error = Condition::compile("c", "objct == null").unwrap_err();
        assert_eq!(error.help().unwrap(), "did you mean `object`?");
        let error = Condition::compile("c", "object.metadata.name.startWith('x')").unwrap_err();
        assert_eq!(error.help().unwrap(), "did you mean `startsWith`?");
    }

    #[test]
    fn what_only_an_api_server_knows_is_named_and_counts_as_met() {
        for (expression, names) in [
            ("authorizer.group('').resource('pods').check('get').allowed()", vec!["allowed()", "authorizer"]),
            ("quantity(object.spec.x).isGreaterThan(quantity('1'))", vec!["isGreaterThan()", "quantity()"]),
            ("ip.isCanonical('::1')", vec!["isCanonical()"]),
        ] {
            let condition = Condition::compile("c", expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
            for name in names {
                assert!(condition.unknown().any(|unknown| unknown == name), "{expression}: {name}");
            }
            assert_eq!(condition.evaluate(&variables()), Outcome::Met);
        }
        assert!(Condition::compile("c", "request.userInfo.username == 'x'").unwrap().is_about_users());
        assert!(!Condition::compile("c", "request.name == 'userInfo'").unwrap().is_about_users());
    }

    #[test]
    fn hostile_expressions_are_bounded() {
        for expression in ["(".repeat(8000), "!(".repeat(4000), "[".repeat(8000), "true?".repeat(3000)] {
            assert!(Condition::compile("c", &expression).is_err());
        }
        assert_eq!(Condition::compile("c", &" ".repeat(MAX_BYTES + 1)).unwrap_err(), ConditionError::TooLong);
    }
}
