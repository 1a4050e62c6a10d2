//! A function of a template, and its layers.

use super::local::local;
use super::reference::LayerReference;
use super::serverless::{BEYOND, Service};
use super::unknown::UnknownFact;
use crate::cloudformation::expand::ignores_global;
use crate::cloudformation::place::Step;
use crate::cloudformation::{Resource, Template, World};
use crate::partial::{Partial, Text, UnknownOrigin};
use crate::pattern::Pattern;
use serde_json::{Map, Value as Json};

/// A function.
#[derive(Debug)]
pub struct Function<'t> {
    /// Its resource in the template.
    pub resource: Resource<'t>,
    /// Its name in the file: the logical ID, or the key below `functions` of a service.
    pub name: &'t str,
    /// Its place in the file.
    pub place: Vec<Step<'t>>,
    /// The place of its own list of layers.
    list: Vec<Step<'t>>,
    /// How many of its layers come from `Globals`: SAM puts them before its own.
    pub globals: usize,
    /// Whether it has its own layers.
    has_own: bool,
    /// The path of its code, if `aws cloudformation package` or SAM uploads it.
    pub code: Option<&'t str>,
    /// Whether SAM expands it.
    pub is_serverless: bool,
}

/// The place of a layer among those of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerEntry {
    /// Whether it is in `Globals`.
    pub is_global: bool,
    /// Its index in the written list; `None` if a function gives the list.
    pub item: Option<usize>,
}

/// A layer of a function in one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Its place in the template.
    pub entry: LayerEntry,
    /// Its text.
    pub text: Text,
    /// The meaning of the text.
    pub layer: LayerReference,
}

impl<'t> Function<'t> {
    /// The function in a resource of a template with this text; `None` if it is something else.
    pub fn new(resource: Resource<'t>, written: &'t Json) -> Option<Self> {
        if resource.kind != "AWS::Lambda::Function" {
            return None;
        }
        let (place, before) = written_at(resource.id, written);
        let is_serverless = before
            .and_then(|before| before.get("Type"))
            .is_some_and(|kind| kind == "AWS::Serverless::Function");
        let own = before.and_then(|before| before.get("Properties")?.get("Layers"));
        let global = |property: &str| -> Option<&'t Json> {
            let is_taken = is_serverless && !ignores_global(before?, property);
            let globals = written.get("Globals").filter(|_| is_taken)?;
            globals.get("Function")?.get(property)
        };
        let own = own.filter(|own| !own.is_null());
        let globals = match (global("Layers"), own) {
            (Some(Json::Array(layers)), None | Some(Json::Array(_))) => layers.len(),
            (Some(_), None) => 1,
            _ => 0,
        };
        let own_code = before.and_then(|before| {
            let properties = before.get("Properties")?;
            properties.get("CodeUri").or(properties.get("Code"))
        });
        let code = own_code.or_else(|| global("CodeUri"));
        Some(Self {
            name: resource.id,
            resource,
            code: code.and_then(Json::as_str).and_then(local),
            is_serverless,
            list: [place.as_slice(), &["Properties", "Layers"].map(Step::Key)].concat(),
            place,
            globals,
            has_own: own.is_some(),
        })
    }

    /// The function that a resource is, of the template that stands for a service; `None` where it
    /// is something else.
    pub fn of_service(resource: Resource<'t>, service: &'t Service) -> Option<Self> {
        let name = service.name(resource.id)?;
        (resource.kind == "AWS::Lambda::Function").then_some(Self {
            resource,
            name,
            place: service.place(resource.id),
            list: service.layers(resource.id),
            globals: 0,
            has_own: true,
            code: None,
            is_serverless: false,
        })
    }

    /// The place of the list in which a layer is.
    pub fn list(&self, is_global: bool) -> Vec<Step<'t>> {
        if is_global {
            ["Globals", "Function", "Layers"].map(Step::Key).to_vec()
        } else {
            self.list.clone()
        }
    }

    /// Its layers in one case.
    pub fn layers(&self, world: &World<'_>) -> Vec<Use> {
        let Some(written) = self
            .resource
            .json
            .get("Properties")
            .and_then(|all| all.get("Layers"))
        else {
            return Vec::new();
        };
        let mut uses = Vec::new();
        if let Json::Array(items) = written {
            for (index, item) in items.iter().enumerate() {
                let is_global = index < self.globals;
                let own = index.saturating_sub(if is_global { 0 } else { self.globals });
                let entry = LayerEntry {
                    is_global,
                    item: Some(own),
                };
                add(world.value(item), entry, world.template, &mut uses);
            }
        } else {
            let entry = LayerEntry {
                is_global: !self.has_own && self.globals > 0,
                item: None,
            };
            add(world.value(written), entry, world.template, &mut uses);
        }
        uses
    }
}

/// The place of a resource, and what is written there. A resource that a loop makes is in the loop.
fn written_at<'t>(id: &'t str, written: &'t Json) -> (Vec<Step<'t>>, Option<&'t Json>) {
    let top = Step::Key("Resources");
    let resources = written.get("Resources").and_then(Json::as_object);
    if let Some(resources) = resources.filter(|resources| !resources.contains_key(id)) {
        let mut found = Vec::new();
        in_loops(id, resources, &[top], 0, &mut found);
        if let [_] = found.as_slice()
            && let Some((path, resource)) = found.pop()
        {
            return (path, Some(resource));
        }
    }
    let resource = resources.and_then(|resources| resources.get(id));
    (vec![top, Step::Key(id)], resource)
}

/// The most loops inside each other: as many as are expanded.
const LOOPS: usize = 64;

/// The places in loops that make a logical ID of this form.
fn in_loops<'t>(
    id: &str,
    entries: &'t Map<String, Json>,
    before: &[Step<'t>],
    depth: usize,
    found: &mut Vec<(Vec<Step<'t>>, &'t Json)>,
) {
    for (key, value) in entries {
        if key.starts_with("Fn::ForEach::") {
            if let Some(Json::Object(body)) = value.get(2)
                && depth < LOOPS
            {
                let path = [before, &[Step::Key(key), Step::Item(2)]].concat();
                in_loops(id, body, &path, depth + 1, found);
            }
        } else if depth > 0 && made_as(key).matches(id) {
            found.push(([before, &[Step::Key(key)]].concat(), value));
        }
    }
}

/// The logical IDs that a key of a loop makes.
fn made_as(key: &str) -> Pattern {
    let mut pattern = String::new();
    let mut rest = key;
    while let Some(at) = rest.find(['$', '&']) {
        let (before, after) = rest.split_at(at);
        pattern.push_str(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
        pattern.push('*');
    }
    pattern.push_str(rest);
    Pattern::new(&pattern)
}

fn add(value: Option<Partial>, entry: LayerEntry, template: &Template, uses: &mut Vec<Use>) {
    for item in value.iter().flat_map(Partial::items) {
        let text = match item {
            Partial::Text(text) => text.clone(),
            Partial::List(_) | Partial::Map(_) | Partial::Null => {
                Text::unknown("no text", item.to_string())
            }
        };
        if text.is_empty() {
            // A parameter without a value, or the one item of an empty list parameter.
            continue;
        }
        let layer = LayerReference::of(&text, template);
        uses.push(Use { entry, text, layer });
    }
}

impl Use {
    /// Whether it is the newest value of an SSM parameter, by a dynamic reference. One with a
    /// fourth part names the value.
    pub fn is_dynamic(&self) -> bool {
        self.text.unknowns().any(|unknown| match &unknown.origin {
            UnknownOrigin::Other(what) => {
                what.starts_with("{{resolve:ssm:") && what.split(':').count() == 3
            }
            UnknownOrigin::Parameter(_) | UnknownOrigin::Resource(..) => false,
        })
    }

    /// Why its value is unknown.
    pub fn unknown_value(&self) -> UnknownFact {
        let is_beyond = self.text.unknowns().any(|unknown| match &unknown.origin {
            UnknownOrigin::Parameter(name) => name == BEYOND,
            UnknownOrigin::Resource(..) | UnknownOrigin::Other(_) => false,
        });
        if is_beyond {
            UnknownFact::EndlessVariables
        } else {
            UnknownFact::Value(self.text.to_string())
        }
    }

    /// What a report calls it: the logical ID of a layer in the same template, or what is written.
    pub fn shown(&self) -> String {
        self.text
            .as_resource()
            .map_or_else(|| self.text.to_string(), str::to_owned)
    }

    /// Whether it is a single layer and not an unknown list.
    pub fn is_one(&self, template: &Template) -> bool {
        use crate::cloudformation::parameter::DeclaredKind;
        match &self.layer {
            LayerReference::Version(_) | LayerReference::Resource(_) | LayerReference::Wrong(_) => {
                true
            }
            LayerReference::Unknown => match self.text.as_parameter() {
                Some(name) => template
                    .parameter(name)
                    .is_some_and(|parameter| parameter.kind == DeclaredKind::Text),
                None => match self.text.as_unknown().map(|unknown| &unknown.origin) {
                    None => true,
                    // A dynamic reference is replaced by one text.
                    Some(UnknownOrigin::Other(what)) => what.starts_with("{{resolve:"),
                    Some(UnknownOrigin::Parameter(_) | UnknownOrigin::Resource(..)) => false,
                },
            },
        }
    }
}
