use super::router::{Ask, Decision, Router, RouterOptions, is_host_allowed};
use lazy_layers_engine::clock::Time;

fn router(more: &str) -> Router {
    let json = format!(
        "{{\"route\":\"/dash\",\"auth\":{{\"username\":\"u\",\"password\":\"p:q\",\"token\":\"t\"}},\"actions\":true{more}}}"
    );
    let options: RouterOptions = serde_json::from_str(&json).expect("options");
    Router::new(options)
}

fn ask<'a>(method: &'a str, target: &'a str) -> Ask<'a> {
    Ask { method: method.into(), target: target.into(), ..Ask::default() }
}

fn let_in<'a>(method: &'a str, target: &'a str) -> Ask<'a> {
    // u:p:q
    Ask { authorization: Some("Basic dTpwOnE=".into()), ..ask(method, target) }
}

/// The status of a decision; 0 if the path is not below the base, and 200 if the request is answered.
fn status(decision: &Decision) -> u16 {
    match decision {
        Decision::Foreign => 0,
        Decision::Reply(reply) => reply.status,
        Decision::File { .. } | Decision::Page { .. } | Decision::Ask { .. } => 200,
    }
}

fn of(router: &Router, ask: &Ask<'_>) -> u16 {
    status(&router.decide(ask, Time::ZERO))
}

#[test]
fn paths_below_the_base_are_of_the_dashboard_and_no_others() {
    let router = router("");
    for (target, wanted) in [
        ("/dash", 200),
        ("/dash/", 200),
        ("/dash?x=1", 200),
        ("http://host/dash/api/overview", 200),
        ("/dash/api/overview?limit=2", 200),
        ("/dash/api/none", 404),
        ("/dash//api/overview", 404),
        ("/dash/api/overview/", 404),
        ("/dash/../etc/passwd", 404),
        ("/dash/..%2f..%2fetc", 404),
        ("/dash/assets/../../Cargo.toml", 404),
        ("/dashboard", 0),
        ("/Dash", 0),
        ("/", 0),
        ("//", 0),
        ("//dash", 0),
        ("", 0),
        ("*", 0),
        ("/x/../dash", 0),
        ("/%64ash", 0),
        ("\\dash", 0),
    ] {
        assert_eq!(of(&router, &let_in("GET", target)), wanted, "{target}");
    }
}

#[test]
fn the_method_is_looked_at_before_the_login_and_that_before_the_route() {
    let router = router("");
    assert_eq!(of(&router, &ask("PUT", "/dash/none")), 405);
    assert_eq!(of(&router, &ask("GET", "/dash/none")), 401);
    assert_eq!(of(&router, &let_in("GET", "/dash/none")), 404);
    assert_eq!(of(&router, &let_in("HEAD", "/dash")), 200);
}

#[test]
fn a_method_that_is_refused_is_answered_with_those_of_the_path() {
    let router = router("");
    for (target, methods) in [("/dash/api/overview", "GET, HEAD"), ("/dash/api/actions/delete", "POST")] {
        let Decision::Reply(reply) = router.decide(&ask("PUT", target), Time::ZERO) else {
            panic!("{target} is answered at once");
        };
        assert_eq!(reply.headers.0.last(), Some(&("Allow", methods.to_owned())), "{target}");
    }
}

#[test]
fn the_files_of_the_page_need_no_login_and_the_page_does() {
    let router = router("");
    for file in super::page::FILES {
        let target = format!("/dash/{}", file.path);
        assert_eq!(of(&router, &ask("GET", &target)), 200, "{target}");
        assert_eq!(of(&router, &ask("POST", &target)), 405, "{target}");
    }
    for target in ["/dash", "/dash/", "/dash/assets/", "/dash/assets/none.js", "/dash/index.html"] {
        assert_eq!(of(&router, &ask("GET", target)), 401, "{target}");
    }
}

#[test]
fn logins_are_by_password_or_token() {
    let router = router("");
    let with = |header: &str| Ask { authorization: Some(header.into()), ..ask("GET", "/dash") };
    for (header, wanted) in [
        ("Basic dTpwOnE=", 200),
        ("basic dTpwOnE", 200),
        ("Basic dTpwOg==", 401),
        ("Basic dTo=", 401),
        ("Basic !!!", 401),
        ("Basic", 401),
        ("Bearer t", 200),
        ("Bearer tt", 401),
        ("Bearer ", 401),
        ("Digest t", 401),
        ("", 401),
    ] {
        assert_eq!(of(&router, &with(header)), wanted, "{header}");
    }
    assert_eq!(of(&router, &ask("GET", "/dash?token=t")), 200);
    assert_eq!(of(&router, &ask("GET", "/dash?token=x&token=t")), 401);
    assert_eq!(of(&router, &ask("GET", "/dash?token=%74")), 200);
}

#[test]
fn without_a_token_none_opens_the_dashboard() {
    let options = r#"{"route":"/dash","auth":{"username":"","password":"p"}}"#;
    let router = Router::new(serde_json::from_str(options).expect("options"));
    for target in ["/dash?token=", "/dash?token=undefined", "/dash?token"] {
        assert_eq!(of(&router, &ask("GET", target)), 401, "{target}");
    }
}

#[test]
fn wrong_passwords_are_throttled_by_peer_and_are_not_even_checked_then() {
    let router = router("");
    let wrong = |peer: &str| Ask {
        authorization: Some("Basic eA==".into()),
        peer: peer.into(),
        ..ask("GET", "/dash")
    };
    let right = |peer: &str| Ask { peer: peer.into(), ..let_in("GET", "/dash") };
    let answers: Vec<u16> = (0..10_000).map(|_| of(&router, &wrong("a"))).collect();
    let refused = answers.iter().filter(|status| **status == 401).count();
    assert_eq!((answers.len() - refused, refused), (9_950, 50));
    assert_eq!(of(&router, &right("a")), 429, "who guesses does not learn it");
    assert_eq!(of(&router, &right("b")), 200, "others are not held up");
    let later = Time(20_000_000);
    assert_eq!(status(&router.decide(&right("a"), later)), 200);
    // Invented peers share a bound.
    let made_up = (0..5_000).map(|at| of(&router, &wrong(&format!("m{at}"))));
    assert!(made_up.filter(|status| *status == 429).count() > 3_000);
}

#[test]
fn metrics_may_be_open_to_everybody() {
    let open = router(",\"metrics\":true,\"metricsPublic\":true");
    assert_eq!(of(&open, &ask("GET", "/dash/metrics")), 200);
    assert_eq!(of(&open, &ask("GET", "/dash/api/overview")), 401);
    let closed = router(",\"metrics\":true");
    assert_eq!(of(&closed, &ask("GET", "/dash/metrics")), 401);
    let none = router(",\"metrics\":false,\"metricsPublic\":true");
    assert_eq!(of(&none, &ask("GET", "/dash/metrics")), 401);
    assert_eq!(of(&none, &let_in("GET", "/dash/metrics")), 404);
}

#[test]
fn actions_need_a_header_that_no_form_sends_and_a_page_of_this_origin() {
    let router = router("");
    let post = || let_in("POST", "/dash/api/actions/delete?key=a");
    let with = |change: fn(&mut Ask<'static>)| {
        let mut ask = Ask { action: Some("1".into()), host: Some("h:1".into()), ..post() };
        change(&mut ask);
        ask
    };
    assert_eq!(of(&router, &post()), 405, "no header");
    assert_eq!(of(&router, &with(|_| ())), 200);
    assert_eq!(of(&router, &with(|ask| ask.site = Some("same-origin".into()))), 200);
    assert_eq!(of(&router, &with(|ask| ask.site = Some("cross-site".into()))), 403);
    assert_eq!(of(&router, &with(|ask| ask.site = Some("same-site".into()))), 403);
    assert_eq!(of(&router, &with(|ask| ask.origin = Some("http://h:1".into()))), 200);
    assert_eq!(of(&router, &with(|ask| ask.origin = Some("http://evil".into()))), 403);
    assert_eq!(of(&router, &with(|ask| ask.origin = Some("null".into()))), 403);
    assert_eq!(of(&router, &with(|ask| ask.authorization = None)), 401);
    assert_eq!(of(&router, &with(|ask| ask.target = "/dash/api/actions/drop".into())), 405);
    assert_eq!(of(&router, &let_in("GET", "/dash/api/actions/delete?key=a")), 404);
    let options = r#"{"route":"/dash","auth":{"disabled":true}}"#;
    let off = Router::new(serde_json::from_str(options).expect("options"));
    assert_eq!(of(&off, &with(|_| ())), 405);
}

#[test]
fn hosts_are_addresses_localhost_and_names_that_are_allowed() {
    let allowed = ["dash.internal".to_owned()];
    for host in [
        "localhost",
        "localhost:7077",
        "LOCALHOST.",
        "a.localhost",
        "127.0.0.1:80",
        "10.0.0.1",
        "[::1]:7077",
        "dash.internal:1",
        "Dash.Internal",
    ] {
        assert!(is_host_allowed(host, &allowed), "{host}");
    }
    for host in
        ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[evil]", "x.dash.internal"]
    {
        assert!(!is_host_allowed(host, &allowed), "{host}");
    }
    assert!(is_host_allowed("anything", &["*".to_owned()]));
}

#[test]
fn the_page_at_the_base_links_into_its_folder() {
    let router = router("");
    let prefix = |target| match router.decide(&let_in("GET", target), Time::ZERO) {
        Decision::Page { prefix, .. } => prefix,
        other => panic!("{other:?}"),
    };
    assert_eq!(prefix("/dash"), "./dash/");
    assert_eq!(prefix("/dash/"), "./");
    assert!(super::page::html("./dash/").contains("data-base=\"./dash/\""));
    assert!(super::page::html("\"><script>").contains("data-base=\"&quot;&gt;&lt;script&gt;\""));
}

#[test]
fn a_route_of_one_slash_is_the_root() {
    let options = r#"{"route":"/","auth":{"disabled":true}}"#;
    let router = Router::new(serde_json::from_str(options).expect("options"));
    assert_eq!(of(&router, &ask("GET", "/")), 200);
    assert_eq!(of(&router, &ask("GET", "/api/overview")), 200);
    assert_eq!(of(&router, &ask("GET", "/none")), 404);
    assert_eq!(of(&router, &ask("GET", "//")), 0);
}
