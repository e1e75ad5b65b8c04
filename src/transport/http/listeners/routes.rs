//! The routes of one client's language, with the methods of each path: a method that a path does not take is answered with 405.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, Responder, Route, web};

/// Registers handlers.
pub(super) struct Routes<'a> {
    cfg: &'a mut web::ServiceConfig,
    methods: &'a mut Methods,
}

/// Functions that register a handler of a method.
macro_rules! methods {
    ($($name:ident $method:ident),+) => {$(
        pub(super) fn $name<F, Args>(&mut self, path: &str, handler: F) -> &mut Self
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            self.add(path, Method::$method, web::$name().to(handler))
        }
    )+};
}

impl<'a> Routes<'a> {
    pub(super) fn new(cfg: &'a mut web::ServiceConfig, methods: &'a mut Methods) -> Self {
        Self { cfg, methods }
    }

    methods!(get GET, post POST, put PUT, patch PATCH, delete DELETE);

    fn add(&mut self, path: &str, method: Method, route: Route) -> &mut Self {
        self.cfg.route(path, route);
        self.methods.0.push((ResourceDef::new(path), method));
        self
    }
}

/// The methods of all paths, without `/api`.
#[derive(Default)]
pub(super) struct Methods(Vec<(ResourceDef, Method)>);

impl Methods {
    /// All paths with a method that each takes.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(path, method)| Some((path.pattern()?, method.as_str())))
    }

    /// The methods that a path takes, as the header `Allow` lists them; `None` for an unknown path.
    pub(super) fn of(&self, path: &str) -> Option<String> {
        let path = path.strip_prefix("/api").filter(|rest| rest.starts_with('/')).unwrap_or(path);
        let taken = |method: &Method| self.0.iter().any(|(own, of)| of == method && own.is_match(path));
        let known = [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::PATCH, Method::DELETE];
        // HEAD is handled as GET.
        let names: Vec<&str> = known
            .iter()
            .filter(|method| taken(if **method == Method::HEAD { &Method::GET } else { method }))
            .map(Method::as_str)
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}
