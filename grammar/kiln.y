/* The grammar of the language; README.md beside this file is the reference. One rule, one call of
 * ast_*(). */
%require "3.8"
%define api.pure full
%define api.prefix {kiln_}
%define api.token.prefix {T_}
%define api.location.type {Loc}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param { Parser *p }
%initial-action { @$ = (Loc){ p->source, p->offset, p->offset }; }

%code requires {
#include "compiler/syntax/parser.h"
}

%union {
    const char *text;
    bool flag;
    Name name;
    Expr *expr;
    ExprList *exprs;
    NameList *names;
    ArgList *args;
    ParamList *params;
    Stmt *stmt;
    StmtList *stmts;
    Body body;
    Entry *entry;
    EntryList *entries;
    EntryBody entry_body;
}

%code provides {
/* The next token, line ends made into semicolons (parse.c). */
int kiln_lex(KILN_STYPE *value, Loc *loc, Parser *p);
/* The next token as scanned (kiln.l). */
int scan_token(KILN_STYPE *value, Loc *loc, void *scanner);
}

%code {
/* The whole of a rule; an empty one stands at the end of what is before it. */
#define YYLLOC_DEFAULT(current, rhs, n)                                                       \
    ((current) = (n) ? loc_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n))                           \
                     : (Loc){ YYRHSLOC(rhs, 0).source, YYRHSLOC(rhs, 0).end,                  \
                              YYRHSLOC(rhs, 0).end })

/* Bison calls it for one thing only: its stack is full. */
static void kiln_error(Loc *loc, Parser *p, const char *message)
{
    (void)message;
    parser_stop(p, *loc, "too many constructs nested in one another");
}

static const EntryBody no_entries = { 0 };
}

%token END 0           "the end of the file"
%token START_FILE      "a file"
%token START_EXPRESSION "an expression"
%token <text> NAME     "a name"
%token INTEGER         "an integer"
%token REAL            "a number"
%token STRING          "a string"
%token IMPORT          "'import'"
%token BLOCK           "'block'"
%token NETWORK         "'network'"
%token MODEL           "'model'"
%token CLASSIFIER      "'classifier'"
%token INPUT           "'input'"
%token PARAMETER       "'parameter'"
%token RETURN          "'return'"
%token FOR             "'for'"
%token IN              "'in'"
%token IF              "'if'"
%token THEN            "'then'"
%token ELSE            "'else'"
%token AND             "'and'"
%token OR              "'or'"
%token NOT             "'not'"
%token DIV             "'div'"
%token TRUE            "'true'"
%token FALSE           "'false'"
%token ARROW           "'->'"
%token RANGE           "'..'"
%token EQUAL           "'=='"
%token UNEQUAL         "'!='"
%token LESS            "'<'"
%token LESS_EQUAL      "'<='"
%token GREATER         "'>'"
%token GREATER_EQUAL   "'>='"
%token SHIFT_LEFT      "'<<'"
%token SHIFT_RIGHT     "'>>'"
%token PLUS            "'+'"
%token MINUS           "'-'"
%token TIMES           "'*'"
%token SLASH           "'/'"
%token PERCENT         "'%'"
%token AT              "'@'"
%token ASSIGN          "'='"
%token COMMA           "','"
%token SEMICOLON       "the end of the line"
%token LEFT_PAREN      "'('"
%token RIGHT_PAREN     "')'"
%token LEFT_BRACKET    "'['"
%token RIGHT_BRACKET   "']'"
%token LEFT_BRACE      "'{'"
%token RIGHT_BRACE     "'}'"

%precedence ELSE
%nonassoc RANGE
%left OR
%left AND
%precedence NOT
%nonassoc EQUAL UNEQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL
%left SHIFT_LEFT SHIFT_RIGHT
%left PLUS MINUS
%left TIMES SLASH DIV PERCENT
%precedence SIGN

%type <name> name
%type <flag> comma
%type <expr> expr postfix primary string number word item
%type <exprs> exprs items
%type <names> names
%type <args> args
%type <params> params
%type <stmt> definition statement if_statement
%type <stmts> definitions statements
%type <body> body
%type <entry> entry
%type <entries> entries
%type <entry_body> entry_body

%%

start
    : START_FILE definitions        { p->items = $2; }
    | START_EXPRESSION expr         { p->expression = $2; }
    ;

definitions
    : %empty                        { $$ = ast_stmt_list(p, NULL, NULL); }
    | definitions definition SEMICOLON  { $$ = ast_stmt_list(p, $1, $2); }
    | definitions SEMICOLON         { $$ = $1; }
    | definitions error SEMICOLON   { $$ = $1; }
    ;

definition
    : IMPORT string                 { $$ = ast_import(p, @$, $2); }
    | names ASSIGN expr             { $$ = ast_assign(p, @$, $1, $3); }
    | BLOCK name LEFT_PAREN params comma RIGHT_PAREN body
                                    { $$ = ast_definition(p, @$, STMT_BLOCK, $2, $4, $5, $7); }
    | BLOCK name LEFT_PAREN RIGHT_PAREN body
                                    { $$ = ast_definition(p, @$, STMT_BLOCK, $2, NULL, false, $5); }
    | NETWORK name LEFT_PAREN params comma RIGHT_PAREN body
                                    { $$ = ast_definition(p, @$, STMT_NETWORK, $2, $4, $5, $7); }
    | NETWORK name LEFT_PAREN RIGHT_PAREN body
                                { $$ = ast_definition(p, @$, STMT_NETWORK, $2, NULL, false, $5); }
    | MODEL name ASSIGN expr        { $$ = ast_model(p, @$, $2, $4, no_entries); }
    | MODEL name ASSIGN expr entry_body { $$ = ast_model(p, @$, $2, $4, $5); }
    | CLASSIFIER name entry_body    { $$ = ast_classifier(p, @$, $2, $3); }
    ;

comma
    : %empty                        { $$ = false; }
    | COMMA                         { $$ = true; }
    ;

params
    : name                          { $$ = ast_param_list(p, NULL, $1, NULL); }
    | name ASSIGN expr              { $$ = ast_param_list(p, NULL, $1, $3); }
    | params COMMA name             { $$ = ast_param_list(p, $1, $3, NULL); }
    | params COMMA name ASSIGN expr { $$ = ast_param_list(p, $1, $3, $5); }
    ;

body
    : LEFT_BRACE statements RIGHT_BRACE { $$ = (Body){ $2, @3.start }; }
    ;

statements
    : %empty                        { $$ = ast_stmt_list(p, NULL, NULL); }
    | statements statement SEMICOLON    { $$ = ast_stmt_list(p, $1, $2); }
    | statements SEMICOLON          { $$ = $1; }
    | statements error SEMICOLON    { $$ = $1; }
    ;

statement
    : names ASSIGN expr             { $$ = ast_assign(p, @$, $1, $3); }
    | RETURN exprs                  { $$ = ast_return(p, @$, $2); }
    | FOR names IN expr body        { $$ = ast_for(p, @$, $2, $4, $5); }
    | if_statement                  { $$ = $1; }
    | INPUT name LEFT_BRACKET exprs RIGHT_BRACKET
                                    { $$ = ast_tensor(p, @$, STMT_INPUT, $2, $4, NULL); }
    | PARAMETER name LEFT_BRACKET exprs RIGHT_BRACKET
                                    { $$ = ast_tensor(p, @$, STMT_PARAMETER, $2, $4, NULL); }
    | PARAMETER name LEFT_BRACKET exprs RIGHT_BRACKET AT primary
                                    { $$ = ast_tensor(p, @$, STMT_PARAMETER, $2, $4, $7); }
    ;

if_statement
    : IF expr body                  { $$ = ast_if(p, @$, $2, $3); }
    | IF expr body ELSE body        { $$ = ast_else(p, @$, ast_if(p, @$, $2, $3), $5); }
    | IF expr body ELSE if_statement { $$ = ast_else_if(p, @$, ast_if(p, @$, $2, $3), $5); }
    ;

names
    : name                          { $$ = ast_name_list(p, NULL, $1); }
    | names COMMA name              { $$ = ast_name_list(p, $1, $3); }
    ;

name
    : NAME                          { $$ = ast_name($1, @1); }
    ;

exprs
    : expr                          { $$ = ast_expr_list(p, NULL, $1); }
    | exprs COMMA expr              { $$ = ast_expr_list(p, $1, $3); }
    ;

expr
    : postfix                       { $$ = $1; }
    | MINUS expr %prec SIGN         { $$ = ast_unary(p, @$, UNARY_MINUS, $2); }
    | NOT expr                      { $$ = ast_unary(p, @$, UNARY_NOT, $2); }
    | expr RANGE expr               { $$ = ast_binary(p, @$, BINARY_RANGE, $1, $3); }
    | expr OR expr                  { $$ = ast_binary(p, @$, BINARY_OR, $1, $3); }
    | expr AND expr                 { $$ = ast_binary(p, @$, BINARY_AND, $1, $3); }
    | expr EQUAL expr               { $$ = ast_binary(p, @$, BINARY_EQUAL, $1, $3); }
    | expr UNEQUAL expr             { $$ = ast_binary(p, @$, BINARY_UNEQUAL, $1, $3); }
    | expr LESS expr                { $$ = ast_binary(p, @$, BINARY_LESS, $1, $3); }
    | expr LESS_EQUAL expr          { $$ = ast_binary(p, @$, BINARY_LESS_EQUAL, $1, $3); }
    | expr GREATER expr             { $$ = ast_binary(p, @$, BINARY_GREATER, $1, $3); }
    | expr GREATER_EQUAL expr       { $$ = ast_binary(p, @$, BINARY_GREATER_EQUAL, $1, $3); }
    | expr SHIFT_LEFT expr          { $$ = ast_binary(p, @$, BINARY_SHIFT_LEFT, $1, $3); }
    | expr SHIFT_RIGHT expr         { $$ = ast_binary(p, @$, BINARY_SHIFT_RIGHT, $1, $3); }
    | expr PLUS expr                { $$ = ast_binary(p, @$, BINARY_ADD, $1, $3); }
    | expr MINUS expr               { $$ = ast_binary(p, @$, BINARY_SUBTRACT, $1, $3); }
    | expr TIMES expr               { $$ = ast_binary(p, @$, BINARY_MULTIPLY, $1, $3); }
    | expr SLASH expr               { $$ = ast_binary(p, @$, BINARY_DIVIDE, $1, $3); }
    | expr DIV expr                 { $$ = ast_binary(p, @$, BINARY_FLOOR_DIVIDE, $1, $3); }
    | expr PERCENT expr             { $$ = ast_binary(p, @$, BINARY_REMAINDER, $1, $3); }
    | IF expr THEN expr ELSE expr   { $$ = ast_choice(p, @$, $2, $4, $6); }
    ;

postfix
    : primary                       { $$ = $1; }
    | postfix LEFT_BRACKET expr RIGHT_BRACKET   { $$ = ast_index(p, @$, $1, $3); }
    | postfix AT primary            { $$ = ast_at(p, @$, $1, $3); }
    ;

primary
    : name                          { $$ = ast_variable(p, @$, $1.text); }
    | name LEFT_PAREN RIGHT_PAREN   { $$ = ast_call(p, @$, $1, NULL, false); }
    | name LEFT_PAREN args RIGHT_PAREN  { $$ = ast_call(p, @$, $1, $3, false); }
    | name LEFT_PAREN args COMMA RIGHT_PAREN    { $$ = ast_call(p, @$, $1, $3, true); }
    | INTEGER                       { $$ = ast_integer(p, @$); }
    | REAL                          { $$ = ast_real(p, @$); }
    | TRUE                          { $$ = ast_boolean(p, @$, true); }
    | FALSE                         { $$ = ast_boolean(p, @$, false); }
    | string                        { $$ = $1; }
    | LEFT_BRACKET RIGHT_BRACKET    { $$ = ast_list(p, @$, NULL, false); }
    | LEFT_BRACKET exprs RIGHT_BRACKET  { $$ = ast_list(p, @$, $2, false); }
    | LEFT_BRACKET exprs COMMA RIGHT_BRACKET    { $$ = ast_list(p, @$, $2, true); }
    | LEFT_PAREN expr RIGHT_PAREN   { $$ = ast_paren(p, @$, $2); }
    ;

string
    : STRING                        { $$ = ast_string(p, @$); }
    ;

args
    : expr                          { $$ = ast_arg_list(p, NULL, (Name){ 0 }, $1); }
    | name ASSIGN expr              { $$ = ast_arg_list(p, NULL, $1, $3); }
    | args COMMA expr               { $$ = ast_arg_list(p, $1, (Name){ 0 }, $3); }
    | args COMMA name ASSIGN expr   { $$ = ast_arg_list(p, $1, $3, $5); }
    ;

entry_body
    : LEFT_BRACE entries RIGHT_BRACE    { $$ = (EntryBody){ $2, @3.start }; }
    ;

entries
    : %empty                        { $$ = ast_entry_list(p, NULL, NULL); }
    | entries entry SEMICOLON       { $$ = ast_entry_list(p, $1, $2); }
    | entries SEMICOLON             { $$ = $1; }
    | entries error SEMICOLON       { $$ = $1; }
    ;

entry
    : items                         { $$ = ast_entry(p, @$, $1, no_entries); }
    | items entry_body              { $$ = ast_entry(p, @$, $1, $2); }
    | MODEL expr                    { $$ = ast_entry_model(p, @$, @1, $2, no_entries); }
    | MODEL expr entry_body         { $$ = ast_entry_model(p, @$, @1, $2, $3); }
    ;

items
    : word                          { $$ = ast_expr_list(p, NULL, $1); }
    | items item                    { $$ = ast_expr_list(p, $1, $2); }
    ;

word
    : name                          { $$ = ast_variable(p, @$, $1.text); }
    | string                        { $$ = $1; }
    ;

item
    : word                          { $$ = $1; }
    | ARROW                         { $$ = ast_arrow(p, @$); }
    | number                        { $$ = $1; }
    | MINUS number                  { $$ = ast_unary(p, @$, UNARY_MINUS, $2); }
    | number SLASH number           { $$ = ast_binary(p, @$, BINARY_DIVIDE, $1, $3); }
    | LEFT_PAREN expr RIGHT_PAREN   { $$ = ast_paren(p, @$, $2); }
    | LEFT_BRACKET RIGHT_BRACKET    { $$ = ast_list(p, @$, NULL, false); }
    | LEFT_BRACKET exprs RIGHT_BRACKET  { $$ = ast_list(p, @$, $2, false); }
    | LEFT_BRACKET exprs COMMA RIGHT_BRACKET    { $$ = ast_list(p, @$, $2, true); }
    ;

number
    : INTEGER                       { $$ = ast_integer(p, @$); }
    | REAL                          { $$ = ast_real(p, @$); }
    ;

%%

/* "found X, expected A, B or C"; the list is left out where it would be long. */
static int yyreport_syntax_error(const yypcontext_t *context, Parser *p)
{
    yysymbol_kind_t expected[YYNTOKENS];
    const char *names[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, expected, YYNTOKENS);
    for (int i = 0; i < count; i++)
        names[i] = yysymbol_name(expected[i]);
    parser_unexpected(p, *yypcontext_location(context),
                      yysymbol_name(yypcontext_token(context)), names, count);
    return 0;
}
